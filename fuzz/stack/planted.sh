#!/bin/sh
# Shows that the fuzzer finds a bug: what came on a TCP connection that nobody accepted is not freed when it ends, with
# MIRAGE_PLANTED_LEAK. It takes a handshake and a segment through the whole stack; the seed only has the handshake. Speaks TAP.
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
# A SYN and an ACK to the port of the application that accepts when it is told to.
printf '\0\0\0\200\002\0\0\0\0\0\020\0\0' >"$work/seeds/one"
cd "$root"
# shellcheck disable=SC2046
clang -std=gnu17 -D_GNU_SOURCE -O1 -Ulinux -Uunix -fno-strict-aliasing -Iinclude -DMIRAGE_PLANTED_LEAK \
    -fsanitize=fuzzer,address fuzz/stack/stack.c $(cat fuzz/stack/sources) "platform/arch/$(uname -m)/switch.S" -o "$work/fuzz"
echo "1..2"
"$work/fuzz" "$work/seeds/one" >"$work/log" 2>&1 || printf 'not '
echo "ok 1 - the seed does not meet the bug"
begun=$(date +%s)
if "$work/fuzz" -seed=1 -runs=2000000 -max_len=256 -artifact_prefix="$work/" "$work/seeds" >"$work/log" 2>&1; then
    tail -n 3 "$work/log" | sed 's/^/# /'
    echo "not ok 2 - the fuzzer finds the planted bug"
    exit 1
fi
grep -a 'not so' "$work/log" | sed 's/^/# /'
echo "ok 2 - the fuzzer finds the planted bug # after $(($(date +%s) - begun)) s"
