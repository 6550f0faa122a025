#!/bin/sh
# push.sh HOST:PORT: builds the images under a registry's name and pushes them; then set PREFIX=HOST:PORT/searchlight/
# in stack/env. With PLATFORMS=linux/amd64,linux/arm64 each name serves both kinds of node.
set -eu
cd "$(dirname "$0")/.."
if [ $# -ne 1 ]; then echo 'expected REGISTRY=host:port, got none' >&2; exit 2; fi
export PREFIX="$1/searchlight/"
. stack/read_env.sh
sh images/bake.sh
for role in redis orchestrator camera_processor demo_camera cloudlet face_worker demo_phone fleet_agent pi_receiver; do docker push --quiet "${PREFIX}$role:$VERSION"; done
