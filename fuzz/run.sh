#!/bin/sh
# run.sh NAME SECONDS [TARGET]: build the fuzzers of fuzz/NAME with Clang, run each (or one) for
# that long from its corpus, and print the line coverage of the sources under test.
# New inputs are left in the build folder; with MERGE=1 the corpus becomes the
# smallest set with the same coverage.
set -eu
name=${1:?usage: run.sh NAME SECONDS [TARGET]}
seconds=${2:?usage: run.sh NAME SECONDS [TARGET]}
only=${3:-}
here=$(cd "$(dirname "$0")" && pwd)

# refuse WHAT GIVEN NAME...: say that there is no such thing, and which there are.
refuse() {
    what=$1 given=$2
    shift 2
    echo "fuzz/run.sh: there is no $what '$given'; there are: $*" >&2
    exit 1
}

# names FOLDER: what its sources are called, without the suffix.
names() {
    (cd "$1" && printf '%s\n' *.c | sed 's/\.c$//')
}

case $name in
*/* | .*) folder=/nowhere ;;
*) folder=$here/$name ;;
esac
# shellcheck disable=SC2046
[ -d "$folder/corpus" ] ||
    refuse 'folder of fuzzers' "$name" $(cd "$here" && printf '%s\n' */corpus | sed 's,/corpus$,,')
case $seconds in
'' | *[!0-9]* | 0*)
    echo "fuzz/run.sh: SECONDS is '$seconds'; give a whole number of seconds from 1" >&2
    exit 1
    ;;
esac
# shellcheck disable=SC2046
[ -z "$only" ] || names "$folder" | grep -qxF -e "$only" || refuse "fuzzer of fuzz/$name" "$only" $(names "$folder")

build=${FUZZ_BUILD:-${TMPDIR:-/tmp}/mirage-fuzz-$name}
root=$(cd "$here/.." && pwd)
. "$here/prepare.sh"
flags="-std=gnu17 -D_GNU_SOURCE -g -O1 -Wall -Wextra -Werror -Ulinux -Uunix -fno-strict-aliasing -fstack-clash-protection -I$root/include -I$root ${FUZZ_CFLAGS:-}"
sanitize=address,undefined
coverage="-fprofile-instr-generate -fcoverage-mapping"
# shellcheck disable=SC2086
{
    prepare "$root" "$name" "$build/made" $flags -fsanitize=fuzzer-no-link,$sanitize -fno-sanitize-recover=undefined
    fuzzed=$standing_on
    prepare "$root" "$name" "$build/counted" $flags $coverage
    counted=$standing_on
}

for source in "$here/$name"/*.c; do
    target=$(basename "$source" .c)
    [ -z "$only" ] || [ "$only" = "$target" ] || continue
    corpus=$here/$name/corpus/$target
    found=$build/$target.found
    dictionary=$here/$name/$target.dict
    mkdir -p "$found"
    # shellcheck disable=SC2086
    clang $flags "-I$build/made" -fsanitize=fuzzer,$sanitize -fno-sanitize-recover=undefined \
        "$source" $fuzzed -o "$build/$target"
    set -- -max_total_time="$seconds" -max_len=2048 -print_final_stats=1 -artifact_prefix="$build/$target."
    [ ! -f "$dictionary" ] || set -- "$@" -dict="$dictionary"
    echo "== $name/$target: $seconds s"
    nice "$build/$target" "$@" "$found" "$corpus" >"$build/$target.log" 2>&1 || {
        tail -n 40 "$build/$target.log"
        exit 1
    }
    grep -E 'stat::number_of_executed_units|stat::peak_rss_mb|DONE' "$build/$target.log"
    if [ "${MERGE:-0}" = 1 ]; then
        merged=$build/$target.merged
        rm -rf "$merged" && mkdir "$merged"
        # Inputs count by the edges that they reach, and not by how often, which keeps the corpus small.
        "$build/$target" -merge=1 -use_counters=0 "$merged" "$corpus" "$found" >/dev/null 2>&1
        rm -f "$corpus"/* && cp "$merged"/* "$corpus"/
    fi

    # shellcheck disable=SC2086
    clang $flags "-I$build/counted" $coverage "$source" "$here/replay.c" $counted \
        -o "$build/$target.coverage"
    LLVM_PROFILE_FILE=$build/$target.profraw "$build/$target.coverage" "$corpus" "$found" >/dev/null
    llvm-profdata merge -o "$build/$target.profdata" "$build/$target.profraw"
    llvm-cov report "$build/$target.coverage" -instr-profile="$build/$target.profdata" \
        -ignore-filename-regex='fuzz/|include/mirage/[a-z]*\.h' | awk '
        /\.[ch] / && $8 > 0 { printf "%-40s lines %5d, covered %s\n", $1, $8, $10 }
        /^TOTAL/ { printf "%-40s lines %5d, covered %s\n", "total", $8, $10 }'
done
