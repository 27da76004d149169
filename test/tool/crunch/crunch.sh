#!/bin/sh
# crunch.sh MIRAGE_CRUNCH CC...: what the generator writes, and refuses. TAP.
crunch=$(realpath "$1")
shift
work=$(mktemp -d) && cd "$work" || exit 1
trap 'rm -rf "$work"' EXIT
number=0 failed=0

# ok DESCRIPTION COMMAND...
ok() {
    number=$((number + 1))
    what=$1
    shift
    if "$@" >out.log 2>&1; then
        echo "ok $number - $what"
    else
        echo "not ok $number - $what"
        sed 's/^/# /' out.log
        failed=1
    fi
}

# refused DESCRIPTION MESSAGE COMMAND...: one line on standard error, status 1, nothing written
refused() {
    number=$((number + 1))
    what=$1 message=$2
    shift 2
    rm -f t.S
    "$@" >out.log 2>err.log
    if [ $? = 1 ] && [ "$(cat err.log)" = "mirage-crunch: $message" ] && [ ! -e t.S ]; then
        echo "ok $number - $what"
    else
        echo "not ok $number - $what"
        sed 's/^/# /' err.log
        failed=1
    fi
}

echo 1..23

mkdir -p "site/a b" site/css site/gone
printf 'body {}\n' >site/css/s.css
: >site/empty
i=0
while [ $i -lt 300 ]; do echo "the same line again"; i=$((i + 1)); done >site/long.txt
cp site/long.txt site/long.png
echo x >"site/a b/o#\$\"\\.txt"
ln -s ../css/s.css "site/a b/inside.css"
cat >site/page.md <<'END'
# A *Title* & `code`

[next](sub/next.md#part) [out](http://example.org/x.md) [here](#again) https://example.org

## Again
## Again

| a | b |
|---|---|
| 1 | ~~2~~ |
END
echo 'no heading' >site/plain.md

ok 'a folder is crunched' "$crunch" --name one -o t.S --depfile t.d site
ok 'the compiler takes it' "$@" -c t.S -o t.o
ok 'the symbol is the one asked for' sh -c 'nm t.o | grep -q " one$"'
ok 'the depfile names files and folders, escaped' sh -c '
    head -1 t.d | grep -Fqx "t.S: \\" && grep -Fq "site/a\\ b/o\\#\$\$\"\\.txt" t.d &&
    grep -Fq "  site/gone" t.d && grep -Fq "  site/css/s.css" t.d && grep -Fqx "  site \\" t.d'
ok 'again is the same' sh -c '
    cp t.S 1.S; cp t.pack 1.pack; touch site/empty; "$0" --name one -o t.S site && cmp t.S 1.S && cmp t.pack 1.pack' "$crunch"
ok 'what compresses is compressed, the rest is not' sh -c '
    grep -A2 "8byte 6000" t.S | grep -c "POINTER" | grep -qx 2 && grep -q "8byte 6000, 0$" t.S'
ok 'the gzip variant is the file' sh -c '
    size=$(sed -n "s/.*8byte 6000, \([1-9][0-9]*\)$/\1/p" t.S)
    at=$(grep -A1 "8byte 6000, $size$" t.S | sed -n "s/.*Lpack + [0-9]*, .Lpack + \([0-9]*\).*/\1/p")
    tail -c +$((at + 1)) t.pack | head -c $size | gunzip | cmp - site/long.txt'

ok 'Markdown is rendered' "$crunch" --markdown -o t.S --depfile t.d site
ok 'to pages and titles' sh -c 'for key in page.html page.title plain.html plain.title; do
    grep -Fq "\"$key\"" t.S || exit 1; done; ! grep -Fq "\"page.md\"" t.S'
ok 'headings have ids' grep -aFq '<h1 id="a-title--code">A <em>Title</em> &amp; <code>code</code></h1>' t.pack
ok 'which are unique' grep -aFq '<h2 id="again-1">Again</h2>' t.pack
ok 'links to sources lead to pages' grep -aFq 'href="sub/next.html#part"' t.pack
ok 'other links stay' grep -aFq 'href="http://example.org/x.md"' t.pack
ok 'tables and strikethrough' grep -aFq '<td><del>2</del></td>' t.pack
ok 'the title is text' grep -aFq 'A Title & code' t.pack
ok 'the sources are dependencies' grep -Fq 'site/page.md' t.d

ln -s /etc/passwd site/out
refused 'a link out' 'site/out: the symbolic link leads out of site, to /etc/passwd' "$crunch" -o t.S site
rm site/out
ln -s .. site/css/up
refused 'a loop' "$(printf 'site/css/up: the symbolic link leads back to a folder above it')" "$crunch" -o t.S site
rm site/css/up
ln -s nowhere site/dangling
refused 'a dangling link' 'site/dangling: the symbolic link leads nowhere: No such file or directory' "$crunch" -o t.S site
rm site/dangling
mkfifo site/pipe
refused 'a FIFO' 'site/pipe: is neither a file nor a folder' "$crunch" -o t.S site
rm site/pipe
touch site/page.html
refused 'a page in the way' 'page.html: both a file and the rendered Markdown would have this key' "$crunch" --markdown -o t.S site
rm site/page.html
refused 'no folder' "nothing: the folder can't be read: No such file or directory" "$crunch" -o t.S nothing
refused 'output within' 'site: the output lies in the folder that it is made of; choose another place for it' "$crunch" -o site/t.S site
exit $failed
