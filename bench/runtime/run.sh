#!/bin/sh
# Builds the runtime and the bench as a release program is built and prints the table.
# Needs: libboost-context-dev libboost-fiber-dev libpth-dev libuv1-dev g++
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
flags="-O2 -DNDEBUG -D_GNU_SOURCE -fno-strict-aliasing -fstack-clash-protection -Ulinux -Uunix -I$root/include -I$root"
for source in "$root"/runtime/*.c "$root"/base/*/*.c "$root"/platform/linux/*.c "$root"/platform/posix/*.c "$here"/bench.c \
              "$root/platform/arch/$(uname -m)"/*.S; do
    # Two folders have a wait.c.
    object=$(basename "$(dirname "$source")")-$(basename "$source").o
    ${CC:-cc} -std=gnu17 $flags -flto -c "$source" -o "$build/$object"
done
${CXX:-c++} -std=c++17 -O2 -DNDEBUG -c "$here/peers.cc" -o "$build/peers.o"
${CXX:-c++} -O2 -flto=auto "$build"/*.o -o "$build/bench" \
    -lboost_fiber -lboost_context -lpth -luv -lpthread -lm
timeout 300 "$build/bench"
