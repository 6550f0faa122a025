# docker buildx bake -f images/docker-bake.hcl: every image of the stack, for this machine's platform.
# PLATFORMS=linux/amd64,linux/arm64 makes each of them for both.
variable "VERSION" { default = "0.1.0" }
variable "REVISION" { default = "unknown" }
variable "PREFIX" { default = "searchlight/" }
variable "PLATFORMS" { default = "" }
variable "EXTRA_CA_FILE" { default = "/dev/null" }

group "default" {
  targets = [
    "redis", "orchestrator", "camera_processor", "demo_camera", "cloudlet", "face_worker", "demo_phone", "fleet_agent",
    "offload_worker", "broker", "mqtt_gateway", "pi_receiver",
  ]
}

target "_any" {
  context    = "."
  dockerfile = "images/Dockerfile"
  args       = { VERSION = VERSION, REVISION = REVISION }
  platforms  = compact(split(",", PLATFORMS))
  secret     = ["id=extra_ca,src=${EXTRA_CA_FILE}"]
  output     = ["type=docker"]
  attest     = ["type=provenance,disabled=true"]
}

target "redis" {
  inherits = ["_any"]
  target   = "redis"
  tags     = ["${PREFIX}redis:${VERSION}"]
}

target "orchestrator" {
  inherits = ["_any"]
  target   = "orchestrator"
  tags     = ["${PREFIX}orchestrator:${VERSION}"]
}

target "camera_processor" {
  inherits = ["_any"]
  target   = "camera_processor"
  tags     = ["${PREFIX}camera_processor:${VERSION}"]
}

target "demo_camera" {
  inherits = ["_any"]
  target   = "demo_camera"
  tags     = ["${PREFIX}demo_camera:${VERSION}"]
}

target "fleet_agent" {
  inherits = ["_any"]
  target   = "fleet_agent"
  tags     = ["${PREFIX}fleet_agent:${VERSION}"]
}

target "cloudlet" {
  inherits = ["_any"]
  target   = "cloudlet"
  tags     = ["${PREFIX}cloudlet:${VERSION}"]
}

target "face_worker" {
  inherits = ["_any"]
  target   = "face_worker"
  tags     = ["${PREFIX}face_worker:${VERSION}"]
}

target "pi_receiver" {
  inherits = ["_any"]
  target   = "pi_receiver"
  tags     = ["${PREFIX}pi_receiver:${VERSION}"]
}

target "demo_phone" {
  inherits = ["_any"]
  target   = "demo_phone"
  tags     = ["${PREFIX}demo_phone:${VERSION}"]
}

target "offload_worker" {
  inherits = ["_any"]
  target   = "offload_worker"
  tags     = ["${PREFIX}offload_worker:${VERSION}"]
}

target "broker" {
  inherits = ["_any"]
  target   = "broker"
  tags     = ["${PREFIX}broker:${VERSION}"]
}

target "mqtt_gateway" {
  inherits = ["_any"]
  target   = "mqtt_gateway"
  tags     = ["${PREFIX}mqtt_gateway:${VERSION}"]
}
