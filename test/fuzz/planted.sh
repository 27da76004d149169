#!/bin/sh
# A bug whose patch no longer applies is told in a plain sentence, and fails the test that plants it.
set -eu
planted=${1:?usage: planted.sh FUZZ/PLANTED.SH}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for folder in base fuzz/x/planted include lib platform runtime test; do
    mkdir -p "$work/$folder"
done
echo 'return 1;' >"$work/lib/x.c"
printf -- '--- a/lib/x.c\n+++ b/lib/x.c\n@@ -1 +1 @@\n-return 0;\n+return 2;\n' >"$work/fuzz/x/planted/gone.patch"
printf 'set -eu\nhere=%s\n. %s\nplan 1\nplant gone x\n' "$work/fuzz/x" "$planted" >"$work/script"

echo '1..3'
if sh "$work/script" >"$work/out" 2>&1; then printf 'not '; fi
echo 'ok 1 - the script fails'
grep -qxF 'not ok 1 - fuzz/x/planted/gone.patch applies' "$work/out" || printf 'not '
echo 'ok 2 - the test point fails'
grep -qxF '# fuzz/x/planted/gone.patch no longer applies: the code in which it plants a bug has changed. Plant the bug there by hand, and write the patch anew with diff -u.' "$work/out" || printf 'not '
echo 'ok 3 - the sentence says what to do'
sed 's/^/# /' "$work/out"
