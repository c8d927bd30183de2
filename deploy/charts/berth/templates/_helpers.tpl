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
