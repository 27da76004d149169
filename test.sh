#!/bin/bash
# Build mirage three ways and run every test; build the parts for 64-bit ARM, too, and test these.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/common.sh

usage='Usage: ./test.sh [--fast] [--long] [--suite NAME] [TEST...]

Installs what is missing, then builds and tests with GCC, with Clang, and with GCC under
AddressSanitizer and UndefinedBehaviorSanitizer, and the parts with GCC for aarch64, under
qemu-aarch64. The last line says how many test cases passed and failed.

  --fast         with GCC only
  --long         also what takes too long for every run, half an hour: with GCC the suite `long`, and with
                 sanitizers the suite `slow`
  --suite NAME   only the tests of this suite
  TEST...        only these tests; `meson test -C build --list` lists them, docs/testing.md says more'

fast=no
long=(--no-suite long) sanitized=(--no-suite slow)
arguments=()
while [ $# -gt 0 ]; do
    case $1 in
    --fast) fast=yes ;;
    --long) long=() sanitized=() ;;
    --suite)
        [ $# -gt 1 ] || die "--suite wants a name: --suite NAME; \`./test.sh --help\` lists the options"
        arguments+=(--suite "$2")
        shift
        ;;
    --suite=*) arguments+=("$1") ;;
    -h | --help) printf '%s\n' "$usage" && exit 0 ;;
    -*) die "test.sh has no option $1; \`./test.sh --help\` lists the options" ;;
    *) arguments+=("$1") ;;
    esac
    shift
done
set -- "${arguments[@]}"

runtime_package=$(clang_runtime_package)
need_packages "${build_packages[@]}" "${test_packages[@]}" ${runtime_package:+"$runtime_package"}

export UBSAN_OPTIONS=print_stacktrace=1
tested=()

not_built() {
    say "not ok - the build in $1"
    mkdir -p "$1"
    touch "$1/build-failed"
    tested+=("$1")
}

# test_in FOLDER COMPILER WHAT MESON-OPTION... -- MESON-TEST-ARGUMENT...
test_in() {
    local folder=$1 compiler=$2 what=$3 options=()
    shift 3
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    say "== $what"
    # What an earlier run left must not be counted when this one doesn't get so far.
    rm -f "$folder/meson-logs/testlog.json" "$folder/build-failed"
    if ! build_in "$folder" "$compiler" "${options[@]}"; then
        not_built "$folder"
        return
    fi
    tested+=("$folder")
    # Its status is not needed: the tally finds every failure.
    # Applications that tests build are built with the same compiler, unless a test says another.
    # Twice as many at once as there are processors: the longest wait for peers' timers most of the time.
    CC=$compiler meson test -C "$folder" --no-rebuild --print-errorlogs --num-processes $(($(nproc) * 2)) "$@" </dev/null || true
}

test_in build "${CC-gcc}" "GCC" -- "${long[@]}" "$@"
if [ $fast = no ]; then
    # The tests of the suite `once` choose compilers by themselves, or what they look at does not depend on which
    # compiled it: they have run above. So it is with what is slow, and with what is long.
    test_in build-clang clang "Clang" -- --no-suite once --no-suite slow --no-suite long "$@"
    # What the tool builds is tested with sanitizers by its own tests, of the suite `tool`: here, the parts.
    # GCC warns of things that only its instrumentation makes; the other two builds keep the code free of warnings.
    test_in build-sanitize gcc "GCC with AddressSanitizer and UndefinedBehaviorSanitizer" \
        -Db_sanitize=address,undefined -Dwerror=false -- --no-suite tool "${sanitized[@]}" "$@"
    # Programs for other processors are built by the tests of the suite `tool`.
    libraries=build-aarch64-libraries
    if arm64_libraries $libraries; then
        test_in build-aarch64 gcc "GCC for aarch64, under qemu-aarch64" \
            --cross-file scripts/cross/aarch64.ini --cross-file $libraries/cross.ini -- \
            --suite runtime --suite platform --suite base --suite tcp --suite names --suite network --suite devices --suite fuzz \
            --no-suite tool --no-suite slow --no-suite long "$@"
    else
        not_built build-aarch64
    fi
fi
python3 scripts/tally.py "${tested[@]}"
