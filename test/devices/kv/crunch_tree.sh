#!/bin/sh
# crunch_tree.sh MAKE_TREE MIRAGE_CRUNCH OUT.S: crunch the suite's values.
set -e
rm -rf "$3.tree"
"$1" "$3.tree"
"$2" -o "$3" "$3.tree"
