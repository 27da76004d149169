#!/bin/sh
# run.sh --packetdrill PATH [--ip_version=V] [SCRIPT...]: run the scripts (ours without any) with a packetdrill
# program against the stack. TAP. A sysctl of ours (bin/) keeps each script's settings for the stack alone; as root,
# each gets a network namespace too.
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
# What the scripts of packetdrill's own collection leave to whoever runs them.
flags='-D CODE=host_unreachable -D TFO_COOKIE=3021b9d889017eeb'
case $version in
ipv4) flags="$flags -D CMSG_LEVEL_IP=SOL_IP -D CMSG_TYPE_RECVERR=IP_RECVERR" ;;
*) flags="$flags -D CMSG_LEVEL_IP=SOL_IPV6 -D CMSG_TYPE_RECVERR=IPV6_RECVERR" ;;
esac
# The cookie above is that of these; a script that names addresses itself has its own.
addresses='--local_ip=192.168.0.1 --gateway_ip=192.168.0.1 --netmask_ip=255.255.0.0 --remote_ip=192.0.2.1'
[ "$version" != ipv6 ] || flags="$flags --so_flags=mtu=1520"
# A namespace of its own, with the device that scripts written for packetdrill's own tun expect to configure.
apart() {
    if [ "$(id -u)" = 0 ]; then
        unshare -n sh -c 'ip tuntap add dev tun0 mode tun 2>/dev/null || :; exec "$@"' sh "$@"
    else
        "$@"
    fi
}

echo "1..$#"
number=0 failed=0
for script; do
    number=$((number + 1)) name=$(basename "$script" .pkt)
    # A script for one version of IP says so in its first lines.
    asked=$(sed -n 's/^\/\/ stack: //p' "$script" | head -n 1)
    own=$(sed -n 's/^--ip_version=//p' "$script" | head -n 1)
    at=$addresses
    if [ "$version" = ipv6 ] || grep -q '^--local_ip=' "$script"; then at=; fi
    if [ -n "$own" ] && [ "$own" != "$version" ]; then
        echo "ok $number - $name # SKIP it is for $own"
    elif rm -rf "$work/sysctl" && mkdir "$work/sysctl" && (cd "$(dirname "$script")" && PATH="$here/bin:$PATH" MIRAGE_SYSCTL="$work/sysctl" apart env LD_PRELOAD="$work/stack.so" timeout 60 "$packetdrill" --ip_version="$version" $at $flags ${asked:+--so_flags="$asked"} \
        --so_filename="$work/stack.so" "$(basename "$script")") >"$work/log" 2>&1; then
        echo "ok $number - $name"
    else
        failed=$((failed + 1))
        echo "not ok $number - $name"
        sed 's/^/# /' "$work/log"
    fi
done
[ "$failed" = 0 ]
