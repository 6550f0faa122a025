#!/bin/sh
# Prints what each image holds, uncompressed, and what it may hold. (With the containerd store `docker images` adds the
# compressed layers to that.) Ends with 1 when one is too big.
set -eu
cd "$(dirname "$0")/.."
. stack/read_env.sh
too_big=0
printf '%-18s %8s %8s  %s\n' image MB limit platform
for line in redis:140 orchestrator:220 camera_processor:490 demo_camera:520 cloudlet:220 face_worker:500 demo_phone:220 fleet_agent:220 offload_worker:350 broker:140 mqtt_gateway:220 pi_receiver:220; do
  name=${line%%:*} limit=${line#*:} image="$PREFIX${line%%:*}:$VERSION"
  container=$(docker create "$image")
  megabytes=$(($(docker export "$container" | wc -c) / 1000000))
  docker rm --volumes "$container" >/dev/null
  platform=$(docker image inspect --format "{{.Os}}/{{.Architecture}}" "$image")
  printf '%-18s %8s %8s  %s\n' "$name" "$megabytes" "$limit" "$platform"
  [ "$megabytes" -le "$limit" ] || too_big=1
done
exit $too_big
