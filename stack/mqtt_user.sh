#!/bin/sh
# mqtt_user.sh NAME: gives a device a name and a random password at the broker, and prints the password, once.
# A name that exists gets a new password. A broker that runs here reads the change at once.
set -eu
cd "$(dirname "$0")/.."
. stack/read_env.sh
name=${1:-} users="$SECRETS_DIR/mqtt_passwords" PATH=$PATH:/usr/sbin
case $name in
  '' | *[!A-Za-z0-9_-]*) echo "NAME: expected 1 to 64 letters, digits, - and _, got '$name'" >&2; exit 2 ;;
  searchlight-gateway | home-assistant) echo "NAME: expected a device's, got $name, which is the stack's" >&2; exit 2 ;;
esac
if [ ${#name} -gt 64 ]; then echo "NAME: expected 1 to 64 letters, got ${#name}" >&2; exit 2; fi
if ! [ -w "$users" ]; then echo "expected $users, found none that can be written: make secrets" >&2; exit 1; fi
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
password=$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')
# By a file, for arguments are seen by everybody on this machine.
echo "$name:$password" >"$work/line"
if command -v mosquitto_passwd >/dev/null; then
  mosquitto_passwd -U "$work/line"
else
  docker run --rm --network none --read-only --cap-drop ALL --security-opt no-new-privileges --tmpfs /tmp \
    --user "$(id -u):$(id -g)" --volume "$work:/users" --entrypoint /usr/bin/mosquitto_passwd \
    "${PREFIX}broker:$VERSION" -U /users/line
fi
case $(cat "$work/line") in "$name:\$7\$"*) ;; *) echo "mosquitto_passwd left no hash" >&2; exit 1 ;; esac
{ grep -v "^$name:" "$users" || true; cat "$work/line"; } >"$work/users"
# In its place, not by a rename: a running container has this very file mounted.
cat "$work/users" >"$users"
if command -v docker >/dev/null; then
  # From inside: after `docker kill`, whatever its signal, the engine would not start a fallen broker again.
  docker compose -f stack/docker-compose.yml exec -T broker sh -c 'kill -HUP 1' >/dev/null 2>&1 || true
fi
printf 'name      %s\npassword  %s\n' "$name" "$password"
echo "topics    localCode/$name and inputCode/$name to write, result/$name to read"
