#!/bin/bash
# TCP over a tap against the kernel's, in a network namespace of its own; then the kernel's with itself over veth.
# Usage: bench/tcp/run.sh MIRAGE [SECONDS]  (as root). SERVER_ARGS and WRAP (perf, ...) go to the unikernel.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mirage=$1 seconds=${2-3}
if [ "${3-}" != inside ]; then
    exec unshare --net "$0" "$mirage" "$seconds" inside
fi
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
cp -r "$here/server" "$work/"
"$mirage" build --net=direct --release --cc="${CC:-clang}" "$work/server" >/dev/null
"${CC:-cc}" -O2 -o "$work/peer" "$here/peer.c"
ip link set lo up
ip tuntap add dev bench0 mode tap
ip addr add 10.9.0.1/24 dev bench0
ip link set bench0 up
# shellcheck disable=SC2086
${WRAP-} "$work"/server/_build/linux-release/server --interface=bench0 --ipv4=10.9.0.2/24 ${SERVER_ARGS-} 2>"$work/log" &
pids+=($!)
for _ in $(seq 50); do grep -q ready "$work/log" && break; sleep 0.1; done
# The server's processor time in hundredths of a second: in user code, and with the kernel's work for it.
ticks() { awk '{ print $14, $14 + $15 }' "/proc/$1/stat"; }
echo "-- this project over tap"
for what in ${WHAT-send receive pingpong connect}; do
    read -r user all < <(ticks "${pids[0]}")
    timeout $((seconds + 20)) "$work/peer" 10.9.0.2 "$what" "$seconds" || tail -5 "$work/log"
    read -r user2 all2 < <(ticks "${pids[0]}")
    echo "   server: $(((user2 - user) * 10)) ms of its own, $(((all2 - all) * 10)) ms in all, of ${seconds}000"
done
kill "${pids[0]}" && wait "${pids[0]}" || true
[ -z "${WHAT-}" ] || exit 0
echo "-- the kernel over veth"
mkdir -p /run/netns
ip netns add "bench$$" 
ip link add v0 type veth peer name v1 netns "bench$$"
ip addr add 10.8.0.1/24 dev v0
ip link set v0 up
ip -n "bench$$" addr add 10.8.0.2/24 dev v1
ip -n "bench$$" link set v1 up
ip netns exec "bench$$" "$work/peer" serve &
pids+=($!)
sleep 0.5
for what in send receive pingpong connect; do
    timeout $((seconds + 20)) "$work/peer" 10.8.0.2 "$what" "$seconds"
done
ip netns pids "bench$$" | xargs -r kill
ip netns del "bench$$"
