#!/bin/bash
# Measures the tap device alone, with the kernel as its peer in a network namespace: frames and bits a second each way.
# Usage: bench/tap/run.sh MIRAGE  (as root)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mirage=$1
if [ "${2-}" != inside ]; then
    exec unshare --net "$0" "$mirage" inside
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here/device" "$work/"
"$mirage" build --release --cc="${CC:-clang}" "$work/device" >/dev/null
"${CC:-cc}" -O2 -o "$work/blast" "$here/blast.c"
device=$work/device/_build/linux-release/device
ip tuntap add dev bench0 mode tap
echo 1 >/proc/sys/net/ipv6/conf/bench0/disable_ipv6
ip link set bench0 txqueuelen 1000 up
for shape in "65160 1448" "1446 0" "10 0"; do
    read -r payload segment <<<"$shape"
    echo "-- frames with $payload bytes of payload, in segments of $segment"
    "$device" --interface=bench0 --what=send --payload="$payload" --segment="$segment" 2>/dev/null | grep -v ready
    timeout 20 "$work/blast" bench0 "$payload" "$segment" 5 &
    sleep 0.5
    "$device" --interface=bench0 --what=receive 2>/dev/null | grep -v ready
    wait
done
ip link del bench0
