# Functions for the planted.sh of each folder. Such a script shows in TAP that a fuzzer finds a bug from one harmless seed. A
# bug is a patch, planted/NAME.patch. It is only applied to a copy of the sources, so the sources themselves have no bug.
# Source this file with `here`, the folder's path. Then write the seed to $seed.
root=$(cd "$here/../.." && pwd)
number=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/seeds"
seed=$work/seeds/one
can_fuzz=no
if command -v clang >/dev/null && echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n ? 0 : 0; }' |
        clang -fsanitize=fuzzer -x c - -o /dev/null 2>/dev/null; then
    can_fuzz=yes
fi

# plan BUGS: print the plan for a script that plants so many bugs.
plan() {
    echo "1..$(($1 * 3))"
}

# plant NAME TARGET: copy the sources, apply planted/NAME.patch, and build the folder's fuzzer from the copy. The one test
# point is that the patch applies.
plant() {
    number=$((number + 1))
    rm -rf "$work/tree" && mkdir "$work/tree"
    (cd "$root" && tar -cf - --exclude=corpus base fuzz include lib platform runtime test) | tar -xf - -C "$work/tree"
    patch=$(basename "$here")/planted/$1.patch
    if ! patch -d "$work/tree" -p1 -s -f --no-backup-if-mismatch <"$root/fuzz/$patch" >"$work/log" 2>&1; then
        sed 's/^/# /' "$work/log"
        echo "# fuzz/$patch no longer applies: the code in which it plants a bug has changed. Plant the bug there by hand, and write the patch anew with diff -u."
        echo "not ok $number - fuzz/$patch applies"
        exit 1
    fi
    echo "ok $number - fuzz/$patch applies"
    [ $can_fuzz = yes ] || return 0
    . "$root/fuzz/prepare.sh"
    flags="-std=gnu17 -D_GNU_SOURCE -O1 -Ulinux -Uunix -fno-strict-aliasing -fstack-clash-protection -I$work -I$work/tree/include -I$work/tree"
    # shellcheck disable=SC2086
    prepare "$work/tree" "$(basename "$here")" "$work" $flags -fsanitize=fuzzer-no-link,address
    # shellcheck disable=SC2086
    clang $flags -fsanitize=fuzzer,address "$work/tree/fuzz/$(basename "$here")/$2.c" $standing_on -o "$work/fuzz"
}

# finds WHOSE RUNS LENGTH [OPTION...]: run the fuzzer. There are two test points, whose names begin with WHOSE. The number of
# runs is limited, and not the time, so a slow machine finds what a fast one does.
finds() {
    whose=$1 runs=$2 length=$3
    shift 3
    if [ $can_fuzz = no ]; then
        for what in 'the seed does not meet the bug' 'the fuzzer finds the planted bug'; do
            number=$((number + 1))
            echo "ok $number - $whose$what # skip Clang with libFuzzer is not installed"
        done
        return 0
    fi
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
