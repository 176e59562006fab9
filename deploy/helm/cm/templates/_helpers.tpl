{{/* The name of all objects: the release's, which usually equals the chart's. */}}
{{- define "cm.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "cm.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}

{{/* The labels by which the services and the budget select the pods. `app` and `tier` are the platform's. */}}
{{- define "cm.selector" -}}
app: {{ include "cm.name" . }}
tier: backend
{{- end -}}

{{- define "cm.labels" -}}
{{ include "cm.selector" . }}
app.kubernetes.io/name: cm
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: credential-management
app.kubernetes.io/part-of: kaa
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "cm.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "cm.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "cm.configMapName" -}}
{{- .Values.existingConfigMap | default (printf "%s-config" (include "cm.name" .)) -}}
{{- end -}}

{{- define "cm.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "cm.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
capabilities:
  drop: [ALL]
{{- end -}}

{{/* That of the service, which opens port 80: a file capability needs allowPrivilegeEscalation. */}}
{{- define "cm.serviceSecurityContext" -}}
{{- if .Values.netBindCapability -}}
allowPrivilegeEscalation: true
readOnlyRootFilesystem: true
privileged: false
capabilities:
  drop: [ALL]
  add: [NET_BIND_SERVICE]
{{- else -}}
{{- include "cm.containerSecurityContext" . -}}
{{- end -}}
{{- end -}}
