{{- /* The labels of every object. */}}
{{- define "berth.labels" -}}
app.kubernetes.io/name: berth
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- /* The labels that select the replicas. They never change, since a Deployment's selector cannot. */}}
{{- define "berth.selector" -}}
app.kubernetes.io/name: berth
{{- end }}

{{- define "berth.image" -}}
{{- $image := .Values.image }}
{{- $image.repository }}
{{- if or $image.tag (not $image.digest) }}:{{ $image.tag | default .Chart.AppVersion }}{{ end }}
{{- with $image.digest }}@{{ . }}{{ end }}
{{- end }}

{{- /* The Service that the API server calls. berth, cert-manager or an operator fills in the caBundle. */}}
{{- define "berth.service" -}}
namespace: {{ .Release.Namespace | quote }}
name: berth
{{- end }}

{{- /* The namespaces whose pods the API server never sends to berth. */}}
{{- define "berth.excluded" -}}
- key: kubernetes.io/metadata.name
  operator: NotIn
  values:
  {{- $system := list "kube-system" "kube-public" "kube-node-lease" "karpenter" "castai" "castai-agent" "cert-manager" }}
  {{- concat $system (list .Release.Namespace) .Values.excludedNamespaces | uniq | toYaml | nindent 2 }}
{{- end }}

{{- define "berth.optedIn" -}}
matchLabels:
  placement.truemark.io/injection: enabled
{{- end }}

{{- /* The annotation by which cert-manager's injector fills in the caBundle. */}}
{{- define "berth.injected" -}}
{{- if eq .Values.certificate.source "cert-manager" }}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/berth
{{- end }}
{{- end }}

{{- /* Refuses a policy whose parts do not fit together, before anything is applied. The API server would refuse it too, in
the middle of an installation. A list of the values takes the place of the chart's, so its names may be missing. */}}
{{- define "berth.reasonable" -}}
{{- $pools := list }}
{{- range $pool := .pools }}
{{- $pools = append $pools $pool.name }}
{{- range (default (dict) $pool.onDemand).nodePools }}
{{- if has . $pool.nodePools }}
{{- fail (printf "policy.pools (%s): %s cannot be on both sides of the split" $pool.name .) }}
{{- end }}
{{- end }}
{{- end }}
{{- $known := .architectures.known }}
{{- $rules := list }}
{{- range $index, $rule := .rules }}
{{- $at := printf "policy.rules[%d] (%s)" $index .name }}
{{- if has .name $rules }}{{ fail (printf "%s: there are two rules of this name" $at) }}{{ end }}
{{- $rules = append $rules .name }}
{{- with .place.pool }}
{{- if not (has . $pools) }}
{{- fail (printf "%s: place.pool is %q, and the pools of the policy are %s; with pools of your own, give policy.rules too" $at . (join ", " $pools)) }}
{{- end }}
{{- end }}
{{- with .place.architecture }}
{{- if not (has . (append $known "any")) }}
{{- fail (printf "%s: place.architecture is %q, and policy.architectures.known has %s" $at . (join ", " $known)) }}
{{- end }}
{{- end }}
{{- end }}
{{- with .architectures.default }}
{{- if not (has . (append $known "any")) }}
{{- fail (printf "policy.architectures.default is %q, and policy.architectures.known has %s" . (join ", " $known)) }}
{{- end }}
{{- end }}
{{- end }}
