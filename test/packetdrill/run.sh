#!/bin/sh
# run.sh --packetdrill PATH [--ip_version=V] [SCRIPT...]: run the scripts (ours without any) with a packetdrill
# program against the stack. TAP. As root each gets a network namespace of its own, whose sysctl it may change.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
packetdrill='' version=ipv4
while [ $# -gt 0 ]; do
    case $1 in
    --packetdrill) packetdrill=${2:-} && shift 2 ;;
    --packetdrill=*) packetdrill=${1#*=} && shift ;;
    --ip_version=*) version=${1#*=} && shift ;;
    *) break ;;
    esac
done
if [ ! -x "$packetdrill" ]; then
    echo "usage: run.sh --packetdrill PATH [--ip_version=ipv4|ipv6|ipv4-mapped-ipv6] [SCRIPT...]" >&2
    exit 2
fi
[ $# -gt 0 ] || set -- "$here"/scripts/*.pkt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
"$here/build.sh" "$work/stack.so"
flags=
[ "$version" != ipv6 ] || flags=--so_flags=mtu=1520
apart=
[ "$(id -u)" != 0 ] || apart='unshare -n'

echo "1..$#"
number=0 failed=0
for script; do
    number=$((number + 1)) name=$(basename "$script" .pkt)
    # A script for one version of IP says so in its first lines.
    own=$(sed -n 's/^--ip_version=//p' "$script" | head -n 1)
    if [ -n "$own" ] && [ "$own" != "$version" ]; then
        echo "ok $number - $name # SKIP it is for $own"
    elif (cd "$(dirname "$script")" && LD_PRELOAD="$work/stack.so" timeout 60 $apart "$packetdrill" --ip_version="$version" $flags \
        --so_filename="$work/stack.so" "$(basename "$script")") >"$work/log" 2>&1; then
        echo "ok $number - $name"
    else
        failed=$((failed + 1))
        echo "not ok $number - $name"
        sed 's/^/# /' "$work/log"
    fi
done
[ "$failed" = 0 ]
