#!/bin/sh
# The fuzzer finds that what came on a TCP connection that nobody accepted is not freed when it ends. It takes a
# handshake and a segment through the whole stack; the seed only has the handshake.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../planted.sh"
# A SYN and an ACK to the port of the application that accepts when it is told to.
printf '\0\0\0\200\002\0\0\0\0\0\020\0\0' >"$seed"
plan 1
plant unaccepted_bytes_leak stack
finds '' 2000000 256
