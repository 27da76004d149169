# What the folders' planted.sh share, to show in TAP that a fuzzer finds a bug which a macro plants, from one seed that does
# not meet it. Sourced with `here`, the folder's path; $seed is where the seed is to be written.
root=$here/../..
number=0
if ! command -v clang >/dev/null || ! echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n ? 0 : 0; }' |
        clang -fsanitize=fuzzer -x c - -o /dev/null 2>/dev/null; then
    echo "1..0 # skip Clang with libFuzzer is not installed"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/seeds"
seed=$work/seeds/one

# plant MACRO TARGET: build the folder's fuzzer with the bug, and what the folder's file `sources` says it stands on.
plant() {
    extra=
    if [ -f "$here/sources" ]; then
        for file in $(cat "$here/sources") "platform/arch/$(uname -m)/switch.S"; do
            extra="$extra $root/$file"
        done
    fi
    # shellcheck disable=SC2086
    clang -std=gnu17 -D_GNU_SOURCE -O1 -Ulinux -Uunix -fno-strict-aliasing -I"$root/include" -I"$root" "-D$1" \
        -fsanitize=fuzzer,address "$here/$2.c" $extra -o "$work/fuzz"
}

# finds WHOSE RUNS LENGTH [OPTION...]: two test points, whose names begin with WHOSE. Runs bound the search, not time, so
# that a slow machine finds what a fast one does.
finds() {
    whose=$1 runs=$2 length=$3
    shift 3
    number=$((number + 1))
    "$work/fuzz" "$seed" >"$work/log" 2>&1 || printf 'not '
    echo "ok $number - ${whose}the seed does not meet the bug"
    number=$((number + 1))
    begun=$(date +%s)
    if "$work/fuzz" -seed=1 -runs="$runs" -max_len="$length" "$@" -artifact_prefix="$work/" "$work/seeds" >"$work/log" 2>&1; then
        tail -n 3 "$work/log" | sed 's/^/# /'
        echo "not ok $number - ${whose}the fuzzer finds the planted bug"
        exit 1
    fi
    grep -a -m1 -E 'not so|SUMMARY' "$work/log" | sed 's/^/# /; s| /[^ ]*/| |'
    echo "ok $number - ${whose}the fuzzer finds the planted bug # after $(($(date +%s) - begun)) s"
}
