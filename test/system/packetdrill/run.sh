#!/bin/sh
# run.sh --packetdrill PATH [--ip_version=V] [--freebsd FOLDER | SCRIPT...]: run the scripts (ours without any) with a
# packetdrill program against the stack. TAP, and at the end how many hold. --freebsd: translate FreeBSD's test suite
# in FOLDER, and run that, each script with the version of IP that it asks for. The programs in bin/ keep each script's
# settings for the stack alone, and tell what the stack knows; as root, each script gets a network namespace too.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
packetdrill='' version=ipv4 freebsd=''
while [ $# -gt 0 ]; do
    case $1 in
    --packetdrill) packetdrill=${2:-} && shift 2 ;;
    --packetdrill=*) packetdrill=${1#*=} && shift ;;
    --ip_version=*) version=${1#*=} && shift ;;
    --freebsd) freebsd=${2:-} && shift 2 ;;
    --freebsd=*) freebsd=${1#*=} && shift ;;
    *) break ;;
    esac
done
if [ ! -x "$packetdrill" ] || { [ -n "$freebsd" ] && [ ! -d "$freebsd" ]; }; then
    echo "usage: run.sh --packetdrill PATH [--ip_version=ipv4|ipv6|ipv4-mapped-ipv6] [--freebsd FOLDER | SCRIPT...]" >&2
    exit 2
fi
packetdrill=$(cd "$(dirname "$packetdrill")" && pwd)/$(basename "$packetdrill")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
if [ -n "$freebsd" ]; then
    python3 "$here/freebsd.py" "$freebsd" "$work/freebsd"
    find "$work/freebsd" -name '*.pkt' | sort >"$work/list"
elif [ $# -gt 0 ]; then
    printf '%s\n' "$@" >"$work/list"
else
    printf '%s\n' "$here"/scripts/*.pkt >"$work/list"
fi
"$here/build.sh" "$work/stack.so"

# A namespace of its own, with the device that scripts written for packetdrill's own tun expect to configure.
apart() {
    if [ "$(id -u)" = 0 ]; then
        unshare -n sh -c 'ip tuntap add dev tun0 mode tun 2>/dev/null || :; exec "$@"' sh "$@"
    else
        "$@"
    fi
}

# run SCRIPT VERSION
run() {
    # What the scripts of packetdrill's own collection leave to whoever runs them.
    flags='-D CODE=host_unreachable -D TFO_COOKIE=3021b9d889017eeb'
    case $2 in
    ipv4) flags="$flags -D CMSG_LEVEL_IP=SOL_IP -D CMSG_TYPE_RECVERR=IP_RECVERR" ;;
    *) flags="$flags -D CMSG_LEVEL_IP=SOL_IPV6 -D CMSG_TYPE_RECVERR=IPV6_RECVERR" ;;
    esac
    [ "$2" != ipv6 ] || flags="$flags --so_flags=mtu=1520"
    # A script says what it asks of the stack in a comment.
    asked=$(sed -n 's/^\/\/ stack: //p' "$1" | head -n 1)
    [ -z "$asked" ] || flags="$flags --so_flags=$asked"
    # The cookie above is that of these addresses; a script that names addresses itself has its own.
    if [ "$2" != ipv6 ] && ! grep -q '^--local_ip=' "$1"; then
        flags="--local_ip=192.168.0.1 --gateway_ip=192.168.0.1 --netmask_ip=255.255.0.0 --remote_ip=192.0.2.1 $flags"
    fi
    rm -rf "$work/sysctl" && mkdir "$work/sysctl" && cd "$(dirname "$1")" &&
        PATH="$here/bin:$PATH" MIRAGE_SYSCTL="$work/sysctl" apart env LD_PRELOAD="$work/stack.so" timeout 60 \
            "$packetdrill" --ip_version="$2" $flags --so_filename="$work/stack.so" "$(basename "$1")"
}

echo "1..$(wc -l <"$work/list")"
number=0 held=0 failed=0
while read -r script; do
    number=$((number + 1)) name=$(basename "$script" .pkt)
    # A script for one version of IP says so in its first lines.
    own=$(sed -n 's/^--ip_version=//p' "$script" | head -n 1)
    [ -z "$freebsd" ] || version=${own:-ipv4}
    if [ -n "$own" ] && [ "$own" != "$version" ]; then
        echo "ok $number - $name # SKIP it is for $own"
    elif (run "$script" "$version") >"$work/log" 2>&1 </dev/null; then
        held=$((held + 1))
        echo "ok $number - $name"
    else
        failed=$((failed + 1))
        echo "not ok $number - $name"
        sed 's/^/# /' "$work/log"
    fi
done <"$work/list"
echo "# $held of $((held + failed)) hold"
[ "$failed" = 0 ]
