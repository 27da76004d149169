#!/bin/sh
# The planted bug: held bytes beyond a FIN are kept, although the FIN makes them void.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../planted.sh"
cp "$here/seed" "$seed"
plan 1
plant fin_keeps_ranges engine
finds '' 1000000 512
