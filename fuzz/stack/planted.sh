#!/bin/sh
# The planted bug: bytes that arrived on a TCP connection that nobody accepted are not freed when the connection ends. To meet
# it takes a handshake and a segment through the whole stack. The seed only has the handshake.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../planted.sh"
# A SYN and an ACK for the port of the application that accepts connections on request.
printf '\0\0\0\200\002\0\0\0\0\0\020\0\0' >"$seed"
plan 1
plant unaccepted_bytes_leak stack
finds '' 2000000 256
