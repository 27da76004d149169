#!/bin/sh
# build.sh OUT.so: the stack as a shared object for packetdrill. The mirage command ($MIRAGE) composes it for the
# target sim; what is compiled here then is that composition, with this folder's entry in the place of a
# process's, and TCP with inside.c around it. $CC is the compiler, $SANITIZE a list for -fsanitize=.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
out=$1 mirage=${MIRAGE:-mirage} cc=${CC:-cc} sanitize=${SANITIZE:-}
work=$(cd "$(dirname "$out")" && pwd)/$(basename "$out").build
mkdir -p "$work"
# The tool writes beside a configuration, and looks for its header files from the root of the project.
cp -R "$here/so" "$work/"
"$mirage" configure --cc="$cc" -t sim --net=direct "$work/so" >"$work/configure.log" 2>&1 || {
    cat "$work/configure.log" >&2
    exit 1
}
made=$work/so/_build/sim

{
    echo "cflags = -std=gnu17 -D_GNU_SOURCE -Ulinux -Uunix -fno-strict-aliasing -fstack-clash-protection -fPIC -fvisibility=hidden -O1 -g -w" \
        "-I$root/include -I$root -I$made/instances -I$here/so ${sanitize:+-fsanitize=$sanitize -fno-omit-frame-pointer}"
    echo "rule compile"
    echo "  description = compile \$in"
    echo "  command = $cc \$cflags -MMD -MF \$out.d -c \$in -o \$out"
    echo "  depfile = \$out.d"
    echo "  deps = gcc"
    echo "rule link"
    echo "  command = $cc -shared -pthread ${sanitize:+-fsanitize=$sanitize} -o \$out \$in"
    objects=
    add() {
        object=objects/$(echo "$1" | tr / -).o
        case " $objects " in *" $object "*) return ;; esac
        echo "build $object: compile $1"
        objects="$objects $object"
    }
    add "$made/main.c"
    for source in "$made"/instances/*.c; do
        [ "$source" = "$made/instances/tcp.c" ] || add "$source"
    done
    for source in host interface inside process; do
        add "$here/so/$source.c"
    done
    for source in "$root"/runtime/*.c "$root"/base/*/*.c "$root"/platform/posix/*.c "$root"/platform/sim/*.c \
        "$root/platform/arch/$(uname -m)"/*.S; do
        [ "$source" = "$root/platform/posix/main.c" ] || add "$source"
    done
    echo "build stack.so: link $objects"
} >"$work/build.ninja"
ninja -C "$work" >"$work/build.log" 2>&1 || { grep -v "^\\[" "$work/build.log" >&2; exit 1; }
cp "$work/stack.so" "$out"
