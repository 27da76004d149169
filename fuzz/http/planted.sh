#!/bin/sh
# The planted bug: a chunk whose size has two digits is one byte too long.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../planted.sh"
printf 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n' >"$seed"
plan 1
plant chunk_too_long request
finds '' 10000000 512 -dict="$here/request.dict"
