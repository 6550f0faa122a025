#!/bin/bash
# three_nodes.sh up | start N | kill N | down: a swarm of three engines on one machine, for tests. Needs root.
#
# Each engine lives in a network namespace of its own; a bridge in a fourth one joins them, where no rule of the host
# can drop their frames. Nothing has a default route: no packet leaves the machine. FOLDER holds what the engines write.
# nsenter, not `ip netns exec`: that one mounts a fresh /sys, in which an engine finds no cgroups.
set -euo pipefail
folder=${FOLDER:?a folder for the nodes}
hub=slhub net=10.232.17 nodes="1 2 3"
space() { echo "slnode$1"; }
runtime() { echo "/run/$(space "$1")"; }
node() { local n=$1; shift; timeout 60 docker -H "unix://$(runtime "$n")/docker.sock" "$@"; }

start() {
  mkdir -p "$(runtime "$1")" "$folder/$1"
  echo "$folder" >"$(runtime "$1")/folder"
  # Old engines' sockets and process numbers would be taken for this one's.
  rm -f "$(runtime "$1")"/docker.{sock,pid} "$(runtime "$1")"/exec/containerd/containerd.pid
  setsid nohup nsenter --net="/run/netns/$(space "$1")" unshare --uts sh -c 'hostname "$0"; exec "$@"' "$(space "$1")" \
    /usr/sbin/dockerd --config-file /dev/null -H "unix://$(runtime "$1")/docker.sock" --data-root "$folder/$1/data" \
    --exec-root "$(runtime "$1")/exec" --pidfile "$(runtime "$1")/docker.pid" --cgroup-parent "/$(space "$1")" \
    >>"$folder/$1/engine.log" 2>&1 </dev/null &
}

wait_for() {
  local tries
  for tries in $(seq 150); do node "$1" version >/dev/null 2>&1 && return; sleep 0.2; done
  tail -20 "$folder/$1/engine.log" >&2; exit 1
}

end() { # PID: ask, wait 15 s, then force
  local tries
  kill "$1" 2>/dev/null || return 0
  for tries in $(seq 75); do kill -0 "$1" 2>/dev/null || return 0; sleep 0.2; done
  kill -9 "$1" 2>/dev/null || true
}

up() {
  ip netns add $hub
  ip -n $hub link set lo up
  ip -n $hub link add $hub type bridge
  ip -n $hub addr add $net.254/24 dev $hub
  ip -n $hub link set $hub up
  for n in $nodes; do
    ip netns add "$(space "$n")"
    ip -n $hub link add "slport$n" type veth peer name eth0 netns "$(space "$n")"
    ip -n $hub link set "slport$n" master $hub up
    ip -n "$(space "$n")" link set lo up
    ip -n "$(space "$n")" addr add "$net.$n/24" dev eth0
    ip -n "$(space "$n")" link set eth0 up
    start "$n"
  done
  for n in $nodes; do wait_for "$n"; done
  node 1 swarm init --advertise-addr $net.1 --dispatcher-heartbeat 1s >/dev/null
  token=$(node 1 swarm join-token --quiet worker)
  for n in 2 3; do node "$n" swarm join --token "$token" $net.1:2377 >/dev/null; done
}

down() {
  for n in 3 2 1; do
    # A run that was cut off left its nodes in a folder of its own.
    if [ -s "$(runtime "$n")/folder" ]; then folder=$(cat "$(runtime "$n")/folder"); fi
    if [ -S "$(runtime "$n")/docker.sock" ]; then
      timeout 20 docker -H "unix://$(runtime "$n")/docker.sock" swarm leave --force >/dev/null 2>&1 || true
    fi
    if [ -s "$(runtime "$n")/docker.pid" ]; then end "$(cat "$(runtime "$n")/docker.pid")"; fi
    # What a killed engine left running: exactly the processes in this node's cgroup and its shims.
    for pid in $(survivors "$n"); do kill -9 "$pid" 2>/dev/null || true; done
    findmnt -rno TARGET | grep -E "^($folder/$n/|$(runtime "$n")/)" | sort -r | xargs -r -n1 umount -l || true
    ip netns del "$(space "$n")" 2>/dev/null || true
    rm -rf "$(runtime "$n")" "${folder:?}/$n"
    find /sys/fs/cgroup -depth -type d -path "*/$(space "$n")*" -exec rmdir {} + 2>/dev/null || true
  done
  ip netns del $hub 2>/dev/null || true
}

survivors() {
  find /sys/fs/cgroup -path "*/$(space "$1")/*" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u
  for file in /proc/[0-9]*/cmdline; do
    if tr '\0' ' ' <"$file" 2>/dev/null | grep -q "containerd.*$(runtime "$1")/"; then
      pid=${file#/proc/}; echo "${pid%/cmdline}"
    fi
  done
}

case ${1:-} in
  up) up ;;
  start) start "$2"; wait_for "$2" ;;
  # A node that loses its power: engine, containerd, shims and containers at once.
  kill)
    kill -9 "$(cat "$(runtime "$2")/docker.pid")"
    for pid in $(survivors "$2"); do kill -9 "$pid" 2>/dev/null || true; done ;;
  down) down ;;
  *) echo "expected up, start N, kill N or down" >&2; exit 2 ;;
esac
