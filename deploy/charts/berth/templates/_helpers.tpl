{{- /* What every object is labelled with. */}}
{{- define "berth.labels" -}}
app.kubernetes.io/name: berth
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- /* What replicas are told by. It never changes: a Deployment's selector cannot. */}}
{{- define "berth.selector" -}}
app.kubernetes.io/name: berth
{{- end }}

{{- define "berth.image" -}}
{{- $image := .Values.image }}
{{- $image.repository }}
{{- if or $image.tag (not $image.digest) }}:{{ $image.tag | default .Chart.AppVersion }}{{ end }}
{{- with $image.digest }}@{{ . }}{{ end }}
{{- end }}

{{- /* Whom the API server calls: no caBundle, which berth, cert-manager or an operator fills in. */}}
{{- define "berth.service" -}}
namespace: {{ .Release.Namespace | quote }}
name: berth
{{- end }}

{{- /* The namespaces whose pods never come to berth. */}}
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

{{- /* Has cert-manager's injector fill in the caBundle of a webhook configuration. */}}
{{- define "berth.injected" -}}
{{- if eq .Values.certificate.source "cert-manager" }}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/berth
{{- end }}
{{- end }}
