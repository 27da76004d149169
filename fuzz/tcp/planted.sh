#!/bin/sh
# The fuzzer finds that held bytes which a FIN makes void are kept, as they once were.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../planted.sh"
cp "$here/seed" "$seed"
echo "1..2"
plant MIRAGE_PLANTED_BUG engine
finds '' 1000000 512
