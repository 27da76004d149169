#!/bin/sh
# The planted bugs: a compressed name, and an option, are read one byte past the end of the message.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../planted.sh"
printf '\0\1\201\200\0\1\0\1\0\0\0\0\1a\4test\0\0\1\0\1\300\14\0\1\0\1\0\0\0\74\0\4\300\0\2\1' >"$seed"
plan 2
for target in dns dhcp; do
    plant "$target" "$target"
    finds "$target: " 2000000 512
done
