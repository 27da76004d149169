# Functions for the planted.sh of each folder. Such a script shows in TAP that a fuzzer finds a bug from one harmless seed. A
# bug is a patch, planted/NAME.patch. It is only applied to a copy of the sources, so the sources themselves have no bug.
# Source this file with `here`, the folder's path. Then write the seed to $seed.
root=$(cd "$here/../.." && pwd)
number=0
MIRAGE=$(realpath -m "${MIRAGE:-$root/build/tool/mirage}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What is compiled has the same names wherever the folder lies, so that ccache finds it again.
cd "$work"
seed=$work/seed
can_fuzz=no
if command -v clang >/dev/null && echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n ? 0 : 0; }' |
        clang -fsanitize=fuzzer -x c - -o /dev/null 2>/dev/null; then
    can_fuzz=yes
fi

# plan BUGS: print the plan for a script that plants so many bugs.
plan() {
    echo "1..$(($1 * 3))"
}

# plant NAME TARGET: apply planted/NAME.patch to a copy of the sources from which the bug planted before is gone, and build the
# folder's fuzzer from the copy. The one test point is that the patch applies.
plant() {
    number=$((number + 1))
    if [ -d tree ]; then
        patch -d tree -R -p1 -s <"$root/fuzz/$patch"
    else
        mkdir tree
        (cd "$root" && tar -cf - --exclude=corpus base fuzz include lib platform runtime test) | tar -xf - -C tree
    fi
    patch=$(basename "$here")/planted/$1.patch
    if ! patch -d tree -p1 -s -f --no-backup-if-mismatch <"$root/fuzz/$patch" >"$work/log" 2>&1; then
        sed 's/^/# /' "$work/log"
        echo "# fuzz/$patch no longer applies: the code in which it plants a bug has changed. Plant the bug there by hand, and write the patch anew with diff -u."
        echo "not ok $number - fuzz/$patch applies"
        exit 1
    fi
    echo "ok $number - fuzz/$patch applies"
    [ $can_fuzz = yes ] || return 0
    . "$root/fuzz/prepare.sh"
    flags="-std=gnu17 -D_GNU_SOURCE -O1 -Ulinux -Uunix -fno-strict-aliasing -fstack-clash-protection -I. -Itree/include -Itree"
    # shellcheck disable=SC2086
    prepare tree "$(basename "$here")" . $flags -fsanitize=fuzzer-no-link,address
    # shellcheck disable=SC2086
    clang $flags -fsanitize=fuzzer,address "tree/fuzz/$(basename "$here")/$2.c" $standing_on -o "$work/fuzz"
}

# finds WHOSE RUNS LENGTH [OPTION...]: run the fuzzer. There are two test points, whose names begin with WHOSE. The number of
# runs is limited, and not the time, so a slow machine finds what a fast one does. They are a hundred rounds, each from the seed
# and with random numbers of its own: what a round has found on the way may lead far from the bug.
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
    begun=$(date +%s) round=1
    while "$work/fuzz" -seed=$round -runs=$((runs / 100)) -max_len="$length" "$@" -artifact_prefix="$work/" -seed_inputs="$seed" \
        >"$work/log" 2>&1; do
        if [ $round = 100 ]; then
            tail -n 3 "$work/log" | sed 's/^/# /'
            echo "not ok $number - ${whose}the fuzzer finds the planted bug"
            exit 1
        fi
        round=$((round + 1))
    done
    grep -a -m1 -E 'not so|SUMMARY' "$work/log" | sed 's/^/# /; s| /[^ ]*/| |'
    echo "ok $number - ${whose}the fuzzer finds the planted bug # in round $round, after $(($(date +%s) - begun)) s"
}
