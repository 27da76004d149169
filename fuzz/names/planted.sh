#!/bin/sh
# Shows that the fuzzers find a bug each, planted by MIRAGE_PLANTED_BUG: a byte read behind the message, of a
# compressed name and of an option, from a seed that does not meet it. Speaks TAP.
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
printf '\0\1\201\200\0\1\0\1\0\0\0\0\1a\4test\0\0\1\0\1\300\14\0\1\0\1\0\0\0\74\0\4\300\0\2\1' >"$work/seeds/one"
echo "1..4"
n=0
for target in dns dhcp; do
    clang -std=gnu17 -D_GNU_SOURCE -O1 -Ulinux -Uunix -fno-strict-aliasing -I"$here/../../include" -DMIRAGE_PLANTED_BUG \
        -fsanitize=fuzzer,address "$here/$target.c" -o "$work/fuzz"
    n=$((n + 1))
    "$work/fuzz" "$work/seeds/one" >"$work/log" 2>&1 || printf 'not '
    echo "ok $n - $target: the seed does not meet the bug"
    n=$((n + 1))
    begun=$(date +%s)
    if "$work/fuzz" -seed=1 -runs=2000000 -max_len=512 -artifact_prefix="$work/" "$work/seeds" >"$work/log" 2>&1; then
        tail -n 3 "$work/log" | sed 's/^/# /'
        printf 'not '
    fi
    echo "ok $n - $target: the fuzzer finds the planted bug # after $(($(date +%s) - begun)) s"
done
