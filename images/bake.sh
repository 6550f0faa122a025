#!/bin/sh
# bake.sh [TARGET...]: builds the images, for this machine's platform or for PLATFORMS (linux/amd64,linux/arm64).
# Takes debian:bookworm-slim from the hub; where none answers, from Debian's packages (images/make_base.sh, as root).
set -eu
cd "$(dirname "$0")/.."
. stack/read_env.sh
export REVISION="${REVISION:-$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)}"
native=$(docker version --format '{{.Server.Arch}}')
wanted=$(echo "${PLATFORMS:-linux/$native}" | tr ',' ' ' | sed 's,linux/,,g')
case " $wanted " in *" $native "*) ;; *) wanted="$native $wanted" ;; esac
for arch in $wanted; do
  if [ "$arch" != "$native" ] && ! [ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ]; then sh images/register_arm64.sh; fi
done
files="-f images/docker-bake.hcl"
if [ -e "build/base/$native.tar" ] || ! timeout 20 docker buildx imagetools inspect debian:bookworm-slim >/dev/null 2>&1; then
  # shellcheck disable=SC2086 # a list of names
  sh images/make_base.sh $wanted >/dev/null
  files="$files -f images/offline.hcl"
fi
# shellcheck disable=SC2086 # lists of flags and names
docker buildx bake $files --progress "${PROGRESS:-auto}" "$@"
