#!/bin/sh
# Shows that the fuzzer finds a bug: the length of neighbour discovery's options is not checked with
# MIRAGE_PLANTED_BUG. It begins with one seed, that does not meet it. Speaks TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
if ! command -v clang >/dev/null || ! echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n ? 0 : 0; }' |
        clang -fsanitize=fuzzer -x c - -o /dev/null 2>/dev/null; then
    echo "1..0 # skip Clang with libFuzzer is not installed"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/seeds"
# A router's advertisement with its link address.
printf '\041\103\040\072\206\0\0\0\100\0\7\010\0\0\0\0\0\0\0\0\1\1\2\0\0\0\0\011' >"$work/seeds/one"
extra="$root/platform/arch/$(uname -m)/switch.S"
for file in $(cat "$here/sources"); do
    extra="$extra $root/$file"
done
# shellcheck disable=SC2086
clang -std=gnu17 -D_GNU_SOURCE -O1 -Ulinux -Uunix -fno-strict-aliasing -I"$root/include" -DMIRAGE_PLANTED_BUG \
    -fsanitize=fuzzer,address "$here/ipv6.c" $extra -o "$work/fuzz"
echo "1..2"
"$work/fuzz" "$work/seeds/one" >"$work/log" 2>&1 || printf 'not '
echo "ok 1 - the seed does not meet the bug"
begun=$(date +%s)
if "$work/fuzz" -seed=3 -runs=3000000 -max_len=64 -artifact_prefix="$work/" "$work/seeds" >"$work/log" 2>&1; then
    tail -n 3 "$work/log" | sed 's/^/# /'
    echo "not ok 2 - the fuzzer finds the planted bug"
    exit 1
fi
grep -m1 'SUMMARY' "$work/log" | sed 's/^/# /; s| /[^ ]*/| |'
echo "ok 2 - the fuzzer finds the planted bug # after $(($(date +%s) - begun)) s"
