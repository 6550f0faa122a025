#!/bin/sh
# load.sh USER@HOST...: copies the images to nodes without a registry, over ssh.
set -eu
cd "$(dirname "$0")/.."
. stack/read_env.sh
if [ $# -eq 0 ]; then echo 'expected NODES="user@host ...", got none' >&2; exit 2; fi
images=""
for role in redis orchestrator camera_processor demo_camera cloudlet face_worker demo_phone fleet_agent pi_receiver; do images="$images ${PREFIX}$role:$VERSION"; done
for node in "$@"; do
  echo "$node:"
  # shellcheck disable=SC2086 # a list of names
  docker save $images | gzip -1 | ssh "$node" 'gunzip | docker load'
done
