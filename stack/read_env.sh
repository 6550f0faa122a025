# Sourced by the scripts of this folder: exports what stack/env (or STACK_ENV) says where the shell itself says nothing, then the
# defaults that the scripts need. Reads the file line by line, so that nothing in it is executed.
env_file=${STACK_ENV:-stack/env}
if [ -f "$env_file" ]; then
  while IFS='=' read -r name value || [ -n "$name" ]; do
    case $name in
      '' | \#*) ;;
      *[!A-Z0-9_]*) echo "$env_file: expected NAME=value, got a line that begins with '$name'" >&2; exit 2 ;;
      *) eval "[ -n \"\${$name+set}\" ] || export $name=\"\$value\"" ;;
    esac
  done <"$env_file"
fi
export PREFIX="${PREFIX-searchlight/}" VERSION="${VERSION:-0.1.0}" CAMERA_ID="${CAMERA_ID:-camera}"
export COMPOSE_PROFILES="${COMPOSE_PROFILES-demo}"
export SECRETS_DIR="${SECRETS_DIR:-$PWD/stack/secrets}"
# The group that owns the engine's socket; the fleet agent belongs to it and to nothing else.
export ENGINE_GROUP="${ENGINE_GROUP:-$(stat -c %g /var/run/docker.sock 2>/dev/null || echo 999)}"
