#!/bin/sh
# The planted bugs: bytes that arrived on a TCP connection that nobody accepted are not freed when the connection ends; and
# what bytes behind a hole hold is not charged. To meet the first takes a handshake and a segment through the whole stack, and
# the seed only has the handshake. To meet the second takes hundreds of segments of a few bytes, and the seed has too few.
# A third is a line that an outsider causes and that is logged without a limit. To meet it takes more than twenty
# advertisements of the host's own address within a second. The seed has a flood of those of another address.
# The fourth: a peer that closes and opens its window over the same bytes gets them each time. Of the corpus, an input that
# does so a few times does not meet it, and one that does so again and again does.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../planted.sh"

# meets LITTLE MUCH: two test points, that the input LITTLE of the corpus does not meet the planted bug, and that MUCH does.
meets() {
    for input in "$1" "$2"; do
        number=$((number + 1)) met=no what=met skip=
        [ "$input" = "$2" ] || what='not met'
        if [ $can_fuzz = no ]; then
            skip=' # skip Clang with libFuzzer is not installed'
        else
            "$work/fuzz" "$here/corpus/stack/$input" >"$work/log" 2>&1 || met=yes
            [ $met = "$([ "$input" = "$2" ] && echo yes || echo no)" ] || printf 'not '
        fi
        echo "ok $number - by $input the planted bug is $what$skip"
    done
}

# A SYN and an ACK for the port of the application that accepts connections on request.
printf '\0\0\0\200\002\0\0\0\0\0\020\0\0' >"$seed"
plan 4
plant unaccepted_bytes_leak stack
finds 'bytes that nobody accepted: ' 2000000 256
# The same with frames in pages, 512 segments of one byte behind a hole, and 97 behind these, which hold nearly what may be
# held.
printf '\040\0\0\200\002\0\0\0\0\0\020\0\0\0\056\020\377\0\056\030\377\0\1\1\056\030\140\0\2\1' >"$seed"
plant ranges_are_not_charged stack
finds 'sparse bytes: ' 200000 256

printf '\0\365\240\077\030\010\040' >"$seed"
plant unlimited_line stack
finds 'without a limit: ' 2000000 256

plant window_opened_at_once stack
meets window-opened-and-closed window-opened-again-and-again
