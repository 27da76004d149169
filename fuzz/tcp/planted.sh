#!/bin/sh
# The fuzzer finds that held bytes which a FIN makes void are kept, as they once were.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../planted.sh"
cp "$here/seed" "$seed"
plan 1
plant fin_keeps_ranges engine
finds '' 1000000 512
