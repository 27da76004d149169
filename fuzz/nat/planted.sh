#!/bin/sh
# The planted bug: an ICMP error with a wrong checksum is forwarded with a right one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../planted.sh"
# A datagram that leaves, and a right error about it.
printf '\0\2\0\1\0\1\040\074\0' >"$seed"
plan 1
plant wrong_error nat
finds '' 200000 64
