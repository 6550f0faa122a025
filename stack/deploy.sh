#!/bin/sh
# Deploys or updates the stack on the swarm of the manager that it runs on. The nodes need the images before: by
# `make push` and PREFIX=host:port/searchlight/, or by `make load`; secrets as `make secrets` left them.
set -eu
cd "$(dirname "$0")/.."
. stack/read_env.sh
for file in public_key.pem redis_acl redis_url mqtt_passwords mqtt_gateway_password gateway.jwt cloudlet.jwt phone.jwt camera-1.jwt camera-2.jwt "$CAMERA_ID.jwt" camera_source ids.txt; do
  if ! [ -r "$SECRETS_DIR/$file" ]; then echo "expected $SECRETS_DIR/$file, found none: make secrets" >&2; exit 1; fi
done
# A registry pins what a tag means now, for all nodes; without one there is nobody to ask.
case $PREFIX in *.*/* | *:*/*) resolve=always ;; *) resolve=never ;; esac
docker stack deploy --compose-file stack/swarm.yml --resolve-image "$resolve" --prune "${STACK_NAME:-searchlight}"
