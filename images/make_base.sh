#!/bin/sh
# make_base.sh ARCH...: makes build/base/ARCH.tar, a root file system that stands in for debian:bookworm-slim where no
# hub can be reached, from Debian's packages. Needs root on Debian; a foreign ARCH needs its emulator registered.
set -eu
cd "$(dirname "$0")/.."
if ! command -v mmdebstrap >/dev/null || ! command -v arch-test >/dev/null; then
  timeout 180 apt-get update -qq
  DEBIAN_FRONTEND=noninteractive timeout 180 apt-get install -y -qq --no-install-recommends mmdebstrap arch-test >/dev/null
fi
mkdir -p build/base
for arch in "$@"; do
  [ -s "build/base/$arch.tar" ] && continue
  rm -f "build/base/$arch.part.tar"
  # shellcheck disable=SC2016 # $1 is mmdebstrap's: the folder of the new system
  timeout 600 mmdebstrap --quiet --variant=minbase --architectures="$arch" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/lintian/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/* "$1"/var/log/* "$1"/var/cache/debconf/*-old' \
    bookworm "build/base/$arch.part.tar" >"build/base/$arch.log" 2>&1 \
    || { tail -5 "build/base/$arch.log" >&2; exit 1; }
  mv "build/base/$arch.part.tar" "build/base/$arch.tar"
done
ls -l build/base
