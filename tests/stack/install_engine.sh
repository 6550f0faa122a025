#!/bin/sh
# Gives a Debian 12 machine without systemd a running container engine (26.1), with compose and buildx; needs root.
# Safe to call again: an engine that answers is left alone. Every wait has a bound; the exit code is 1 when there is
# no engine at the end.
#
#   ENGINE_SOCKET  where it listens                         (default /var/run/docker.sock)
#   ENGINE_DATA    where images and volumes live, 20 GB     (default /var/lib/docker)
#   ENGINE_LOG     what it says                             (default /var/log/dockerd.log)
set -eu
socket=${ENGINE_SOCKET:-/var/run/docker.sock}
data=${ENGINE_DATA:-/var/lib/docker}
log=${ENGINE_LOG:-/var/log/dockerd.log}
runtime=$(dirname "$socket")
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
export DEBIAN_FRONTEND=noninteractive

answers() { timeout 10 docker -H "unix://$socket" version >/dev/null 2>&1; }

tell() {
  docker -H "unix://$socket" version --format 'engine {{.Server.Version}}, client {{.Client.Version}}'
  echo "compose $(docker compose version --short), $(docker buildx version | cut -d' ' -f1,2)"
}

complete() { docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1; }

if answers && complete; then tell; exit 0; fi
if [ "$(id -u)" != 0 ]; then echo "no container engine answers, and only root can install one" >&2; exit 1; fi

if ! [ -x /usr/sbin/dockerd ] || ! complete; then
  # bookworm's engine 20.10 cannot keep images of two platforms; trixie's can, on bookworm's containerd and runc.
  if [ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" != bookworm ]; then
    echo "this script knows Debian 12 (bookworm); install an engine of 26 or newer by hand" >&2; exit 1
  fi
  mirror=$(awk '/^URIs:/ {print $2; exit}' /etc/apt/sources.list.d/debian.sources 2>/dev/null || true)
  if [ -z "$mirror" ]; then echo "expected a Debian mirror in debian.sources, got none" >&2; exit 1; fi
  printf 'Types: deb\nURIs: %s\nSuites: trixie\nComponents: main\nSigned-By: %s\n' \
    "$mirror" "$keyring" >/etc/apt/sources.list.d/trixie.sources
  # Nothing else of trixie may come in by an upgrade.
  printf 'Package: *\nPin: release n=trixie\nPin-Priority: 50\n' >/etc/apt/preferences.d/trixie
  timeout 180 apt-get update -qq
  timeout 420 apt-get install -y -qq --no-install-recommends containerd/bookworm runc/bookworm docker.io/trixie \
    docker-cli/trixie docker-compose/trixie docker-buildx/trixie iptables ca-certificates >/dev/null
fi
if answers; then tell; exit 0; fi

mkdir -p "$runtime" "$data"
rm -f "$runtime/docker.pid"
settings=$runtime/docker-engine.json
echo '{"features": {"containerd-snapshotter": true}}' >"$settings"
# A session of its own: the engine outlives the shell that starts it.
setsid nohup /usr/sbin/dockerd --config-file "$settings" -H "unix://$socket" --data-root "$data" \
  --exec-root "$runtime/docker" --pidfile "$runtime/docker.pid" >>"$log" 2>&1 </dev/null &
engine=$!
tries=0
until answers; do
  tries=$((tries + 1))
  if [ $tries -gt 150 ] || ! kill -0 $engine 2>/dev/null; then tail -20 "$log" >&2; exit 1; fi
  sleep 0.2
done
tell
