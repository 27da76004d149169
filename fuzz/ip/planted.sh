#!/bin/sh
# The planted bug: the length of neighbour discovery's options is not checked.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../planted.sh"
# The seed is a router's advertisement with its link address and a name server's.
{
    printf '\041\103\040\072\206\0\0\0\100\0\7\010\0\0\0\0\0\0\0\0\1\1\2\0\0\0\0\011'
    printf '\031\3\0\0\0\0\2\130\040\1\015\270\0\0\0\0\0\0\0\0\0\0\0\123'
} >"$seed"
plan 1
plant option_length ipv6
finds '' 300000 64
