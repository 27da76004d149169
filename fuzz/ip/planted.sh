#!/bin/sh
# The planted bug: the length of neighbour discovery's options is not checked.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../planted.sh"
# The seed is a router's advertisement with its link address.
printf '\041\103\040\072\206\0\0\0\100\0\7\010\0\0\0\0\0\0\0\0\1\1\2\0\0\0\0\011' >"$seed"
plan 1
plant option_length ipv6
finds '' 3000000 64 -seed=3
