{{/* The differences between the node pools. node-pools.yaml has what they share. */}}
{{- define "berth-node-pools.all" -}}
{{- $default := eq .Values.platform "eks-auto-mode" | ternary "[spot, on-demand]" "[spot]" -}}
{{- $planned := empty .Values.capacityReservationSelectorTerms | ternary "[on-demand]" "[reserved, on-demand]" -}}
{{- $policy := .Values.consolidationPolicy -}}
# Weights: between equals Karpenter takes the later name, which would be arm64's. No two are equal, and amd64 comes first.
- name: amd64-default
  architectures: [amd64]
  capacityTypes: {{ $default }}
  weight: 2
  disruption: {consolidationPolicy: {{ $policy }}, consolidateAfter: 1m}
# The taint keeps amd64-only images off it.
- name: arm64-default
  architectures: [arm64]
  capacityTypes: {{ $default }}
  weight: 1
  disruption: {consolidationPolicy: {{ $policy }}, consolidateAfter: 1m}
  taint: {key: kubernetes.io/arch, value: arm64, effect: NoSchedule}
- name: truemark-amd64
  architectures: [amd64]
  capacityTypes: {{ $planned }}
  weight: 11
  disruption: {consolidationPolicy: {{ $policy }}, consolidateAfter: 5m}
  taint: {key: karpenter.sh/nodepool, value: truemark-amd64, effect: NoSchedule}
- name: truemark-arm64
  architectures: [arm64]
  capacityTypes: {{ $planned }}
  weight: 10
  disruption: {consolidationPolicy: {{ $policy }}, consolidateAfter: 5m}
  taint: {key: karpenter.sh/nodepool, value: truemark-arm64, effect: NoSchedule}
# Consolidation never packs these nodes tighter: that would kill Jobs half-way. The grace period bounds Jobs that never end,
# which would keep their node forever.
- name: amd64-batch
  architectures: [amd64]
  capacityTypes: [spot, on-demand]
  weight: 6
  disruption: {consolidationPolicy: WhenEmpty, consolidateAfter: 1m}
  terminationGracePeriod: 24h
  taint: {key: karpenter.sh/nodepool, value: amd64-batch, effect: NoSchedule}
- name: arm64-batch
  architectures: [arm64]
  capacityTypes: [spot, on-demand]
  weight: 5
  disruption: {consolidationPolicy: WhenEmpty, consolidateAfter: 1m}
  terminationGracePeriod: 24h
  taint: {key: karpenter.sh/nodepool, value: arm64-batch, effect: NoSchedule}
# Optional. On either architecture, before every other node pool. Its taint has no value, as that of Auto Mode's `system`.
- name: critical
  architectures: [amd64, arm64]
  capacityTypes: [on-demand]
  cpus: ["2", "4", "8"]
  weight: 100
  disruption: {consolidationPolicy: {{ $policy }}, consolidateAfter: 5m}
  taint: {key: CriticalAddonsOnly, effect: NoSchedule}
{{- end }}
