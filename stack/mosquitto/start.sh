#!/bin/sh
# Starts the broker. A database that it cannot read is moved aside, told, and the broker starts without it.
# PORT, BIND       where to listen                    DATA_DIR        where the database lies
# PASSWORDS        file of mosquitto_passwd           WORK_DIR        for the files that this writes
# ALLOW_ANONYMOUS  true: devices need no password; for legacy labs on a network of their own
# TLS_CERT, TLS_KEY, both or none: PEM files; then only TLS is spoken
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin
data=${DATA_DIR:-/data} work=${WORK_DIR:-/tmp} passwords=${PASSWORDS:-/run/secrets/mqtt_passwords}
anonymous=${ALLOW_ANONYMOUS:-false}
case $anonymous in true | false) ;; *) echo "ALLOW_ANONYMOUS: expected true or false, got $anonymous" >&2; exit 2 ;; esac
if ! [ -r "$passwords" ]; then echo "PASSWORDS: expected a file, got $passwords, which cannot be read" >&2; exit 2; fi
umask 077
{ [ "$anonymous" = false ] || cat "$here/acl_anonymous"; cat "$here/acl"; } >"$work/acl"
{
  # First: what is said of a listener before any is would open one more, on every address.
  echo "listener ${PORT:-1883} ${BIND:-0.0.0.0}"
  cat "$here/mosquitto.conf"
  if [ -n "${TLS_CERT:-}${TLS_KEY:-}" ]; then printf 'certfile %s\nkeyfile %s\n' "$TLS_CERT" "$TLS_KEY"; fi
  printf 'persistence_location %s/\npassword_file %s\n' "$data" "$passwords"
  # Started as root, it would become another user, who cannot read our files.
  [ "$(id -u)" != 0 ] || echo 'user root'
  printf 'acl_file %s/acl\nallow_anonymous %s\n' "$work" "$anonymous"
} >"$work/mosquitto.conf"

# The broker tries the database first, through a link and on a socket that nobody knows, and is killed before it could
# write. It ends by itself when it cannot read it. `starts DATABASE`: DATABASE may be missing.
starts() {
  rm -rf "$work/probe" && mkdir "$work/probe" && ln -s "$1" "$work/probe/mosquitto.db"
  printf 'listener 0 %s/probe/socket\npersistence true\npersistence_location %s/probe/\nautosave_interval 0\nlog_dest none\n' \
    "$work" "$work" >"$work/probe/conf"
  [ "$(id -u)" != 0 ] || echo 'user root' >>"$work/probe/conf"
  mosquitto -c "$work/probe/conf" >/dev/null 2>&1 &
  probe=$! waited=0
  while kill -0 $probe 2>/dev/null && ! [ -S "$work/probe/socket" ] && [ $waited -lt 300 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  # It listens only once it has read the database.
  [ -S "$work/probe/socket" ] && kill -0 $probe 2>/dev/null && good=0 || good=1
  kill -9 $probe 2>/dev/null || true
  wait $probe 2>/dev/null || true
  rm -rf "$work/probe"
  return $good
}
# Only a broker that starts without the database, and not with it, says something about the database.
if [ -e "$data/mosquitto.db" ] && ! starts "$data/mosquitto.db" && starts "$work/none.db"; then
  aside="$data/mosquitto.db.unreadable-$(date -u +%Y%m%dT%H%M%SZ)"
  # One is enough to look at; the disk is not filled with them.
  rm -f "$data"/mosquitto.db.unreadable-*
  mv "$data/mosquitto.db" "$aside"
  echo "database unreadable: moved to $aside, the broker starts without it" >&2
fi
exec mosquitto -c "$work/mosquitto.conf"
