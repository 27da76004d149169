#!/bin/sh
# What fuzz/run.sh refuses, each in a sentence that says what there is, before it builds anything.
set -eu
runner=${1:?usage: run.sh FUZZ/RUN.SH}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/fuzz/one/corpus" "$work/fuzz/two/corpus" "$work/fuzz/neither"
touch "$work/fuzz/one/first.c" "$work/fuzz/one/second.c"
cp "$runner" "$work/fuzz/run.sh"
echo 'echo prepared; exit 3' >"$work/fuzz/prepare.sh"
number=0

# says NAME STATUS TEXT ARGUMENT...: the script, with the arguments, ends with the status and says just that.
says() {
    what=$1 status=$2 text=$3
    shift 3
    number=$((number + 1))
    got=0
    FUZZ_BUILD=$work/build sh "$work/fuzz/run.sh" "$@" >"$work/out" 2>&1 || got=$?
    if [ "$got" != "$status" ] || [ "$(cat "$work/out")" != "$text" ]; then
        sed 's/^/# /' "$work/out"
        printf 'not '
    fi
    echo "ok $number - $what"
}

echo '1..8'
says 'an unknown fuzzer' 1 "fuzz/run.sh: there is no fuzzer of fuzz/one 'third'; there are: first second" one 1 third
says 'a part of a name' 1 "fuzz/run.sh: there is no fuzzer of fuzz/one 'fir.t'; there are: first second" one 1 fir.t
says 'what looks like an option' 1 "fuzz/run.sh: there is no fuzzer of fuzz/one '-v'; there are: first second" one 1 -v
says 'an unknown folder' 1 "fuzz/run.sh: there is no folder of fuzzers 'three'; there are: one two" three 1
says 'a folder without fuzzers' 1 "fuzz/run.sh: there is no folder of fuzzers 'neither'; there are: one two" neither 1
says 'a path' 1 "fuzz/run.sh: there is no folder of fuzzers '../fuzz/one'; there are: one two" ../fuzz/one 1
says 'no number of seconds' 1 "fuzz/run.sh: SECONDS is '1m'; give a whole number of seconds from 1" one 1m
says 'a fuzzer that exists goes on' 3 'prepared' one 1 second
