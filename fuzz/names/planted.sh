#!/bin/sh
# The fuzzers find a byte read behind the message: of a compressed name, and of an option.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../planted.sh"
printf '\0\1\201\200\0\1\0\1\0\0\0\0\1a\4test\0\0\1\0\1\300\14\0\1\0\1\0\0\0\74\0\4\300\0\2\1' >"$seed"
plan 2
for target in dns dhcp; do
    plant "$target" "$target"
    finds "$target: " 2000000 512
done
