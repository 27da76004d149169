#!/bin/sh
# Shows that the fuzzer finds a bug: one byte too many of each chunk whose size has two digits, planted
# by MIRAGE_PLANTED_BUG, from a seed that does not meet it. Speaks TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v clang >/dev/null || ! echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n ? 0 : 0; }' |
        clang -fsanitize=fuzzer -x c - -o /dev/null 2>/dev/null; then
    echo "1..0 # skip Clang with libFuzzer is not installed"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/seeds"
printf 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n' >"$work/seeds/one"
clang -std=gnu17 -D_GNU_SOURCE -O1 -Ulinux -Uunix -fno-strict-aliasing -I"$here/../../include" -DMIRAGE_PLANTED_BUG \
    -fsanitize=fuzzer,address "$here/request.c" -o "$work/fuzz"
echo "1..2"
"$work/fuzz" "$work/seeds/one" >"$work/log" 2>&1 || printf 'not '
echo "ok 1 - the seed does not meet the bug"
begun=$(date +%s)
if "$work/fuzz" -seed=1 -runs=10000000 -max_len=512 -dict="$here/request.dict" -artifact_prefix="$work/" "$work/seeds" >"$work/log" 2>&1; then
    tail -n 3 "$work/log" | sed 's/^/# /'
    echo "not ok 2 - the fuzzer finds the planted bug"
    exit 1
fi
grep 'not so' "$work/log" | sed 's/^/# /'
echo "ok 2 - the fuzzer finds the planted bug # after $(($(date +%s) - begun)) s"
