# Sourced by the scripts of this folder: exports what stack/env says where the shell itself says nothing, then the
# defaults that the scripts need. Reads the file line by line, so that nothing in it is executed.
if [ -f stack/env ]; then
  while IFS='=' read -r name value || [ -n "$name" ]; do
    case $name in
      '' | \#*) ;;
      *[!A-Z0-9_]*) echo "stack/env: expected NAME=value, got a line that begins with '$name'" >&2; exit 2 ;;
      *) eval "[ -n \"\${$name+set}\" ] || export $name=\"\$value\"" ;;
    esac
  done <stack/env
fi
export PREFIX="${PREFIX-searchlight/}" VERSION="${VERSION:-0.1.0}" CAMERA_ID="${CAMERA_ID:-camera}"
export COMPOSE_PROFILES="${COMPOSE_PROFILES-demo}"
export SECRETS_DIR="${SECRETS_DIR:-$PWD/stack/secrets}"
