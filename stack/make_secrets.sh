#!/bin/sh
# Makes what is missing in stack/secrets (or SECRETS_DIR), inside the orchestrator's image: this machine needs no Python packages.
# Existing files stay as they are. Further cameras: make_secrets.sh ID...
set -eu
cd "$(dirname "$0")/.."
. stack/read_env.sh
mkdir -p -m 700 "$SECRETS_DIR"
set -- "$CAMERA_ID" "$@"
cameras="--camera camera-1 --camera camera-2 --node ${NODE_ID:-node} --cloudlet cloudlet --phone phone"
for id in "$@"; do cameras="$cameras --camera $id"; done
# As the person who calls, so that the files are theirs. See backbone/issuer.py for who may read which.
# shellcheck disable=SC2086 # a list of flags
docker run --rm --network none --read-only --cap-drop ALL --security-opt no-new-privileges \
  --user "$(id -u):$(id -g)" --volume "$SECRETS_DIR:/secrets" --entrypoint /usr/bin/python3 \
  "${PREFIX}orchestrator:$VERSION" -m backbone.issuer /secrets --audience "${AUDIENCE:-searchlight}" $cameras
# A camera service needs some source; the moving pattern until a real one is written here, one line.
if ! [ -e "$SECRETS_DIR/camera_source" ]; then echo 'test:' >"$SECRETS_DIR/camera_source"; fi
# Nobody sends files until a line of this file lets them: id, or id,station,key.
if ! [ -e "$SECRETS_DIR/ids.txt" ]; then echo '# one Pi a line: id, or id,station, or id,station,key' >"$SECRETS_DIR/ids.txt"; fi
chmod 644 "$SECRETS_DIR/camera_source" "$SECRETS_DIR/ids.txt"
