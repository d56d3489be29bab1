{{- define "kefu.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{/* Labels that select the pods of a component. Argument: dict "root" "component" */}}
{{- define "kefu.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "kefu.labels" -}}
{{ include "kefu.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "kefu.natsUrl" -}}
{{- if .Values.nats.enabled -}}nats://{{ include "kefu.fullname" . }}-nats:4222{{- else -}}{{ .Values.nats.url }}{{- end -}}
{{- end -}}

{{- define "kefu.redisUrl" -}}
{{- if .Values.redis.enabled -}}redis://{{ include "kefu.fullname" . }}-redis:6379{{- else -}}{{ .Values.redis.url }}{{- end -}}
{{- end -}}

{{/* Names of the gateway's Service, which clients in the cluster send as Host. */}}
{{- define "kefu.allowedHosts" -}}
{{- $name := printf "%s-gateway" (include "kefu.fullname" .) -}}
{{- $ns := .Release.Namespace -}}
{{- $own := list $name (printf "%s.%s" $name $ns) (printf "%s.%s.svc" $name $ns) (printf "%s.%s.svc.cluster.local" $name $ns) -}}
{{- concat $own .Values.gateway.allowedHosts | join "," -}}
{{- end -}}

{{- define "kefu.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "kefu.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/*
The pod of one of the five services. Arguments: dict
  "root", "component"
  "env"      the component's own environment variables, a list
  "ports"    beside that of the admin endpoints
  "mounts", "volumes"
*/}}
{{- define "kefu.pod" -}}
{{- $values := index .root.Values .component -}}
metadata:
  labels: {{- include "kefu.labels" . | nindent 4 }}
spec:
  automountServiceAccountToken: false
  # Kubernetes would otherwise set variables such as KEFU_NATS_PORT for each Service, among those that set our settings.
  enableServiceLinks: false
  # The drain, with its limit of 40 s, and what surrounds it.
  terminationGracePeriodSeconds: 55
  securityContext: {{- include "kefu.podSecurity" 65532 | nindent 4 }}
  {{- with .root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ printf "%s/%s:%s" .root.Values.image.registry .component (.root.Values.image.tag | default .root.Chart.AppVersion) }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      securityContext: {{- include "kefu.containerSecurity" . | nindent 8 }}
      env:
        - { name: KEFU_NATS_URL, value: {{ include "kefu.natsUrl" .root | quote }} }
        - { name: KEFU_LOG_LEVEL, value: {{ .root.Values.logLevel | quote }} }
        - { name: KEFU_ADMIN_ADDRESS, value: "0.0.0.0" }
        - { name: KEFU_ADMIN_PORT, value: "9100" }
        {{- with .env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- with $values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - { name: admin, containerPort: 9100 }
        {{- with .ports }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      livenessProbe:
        httpGet: { path: /healthz, port: admin }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: admin }
        periodSeconds: 2
        timeoutSeconds: 2
      resources: {{- toYaml $values.resources | nindent 8 }}
      volumeMounts:
        - { name: tmp, mountPath: /tmp }
        {{- with .mounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - { name: tmp, emptyDir: {} }
    {{- with .volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* A Deployment of such a pod. Arguments as for kefu.pod. */}}
{{- define "kefu.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "kefu.fullname" .root }}-{{ .component }}
  labels: {{- include "kefu.labels" . | nindent 4 }}
spec:
  replicas: {{ (index .root.Values .component).replicas }}
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels: {{- include "kefu.selector" . | nindent 6 }}
  template: {{- include "kefu.pod" . | nindent 4 }}
{{- end -}}
