#!/bin/sh
# run.sh EVALUATE ROOT LIBRARY_FOLDER TESTS COMPILER...: evaluate every configuration below TESTS/negative and
# TESTS/positive with each compiler and compare what comes out with what the comments on its top say:
#   // keys: --net=direct   the command line; begins another run of the same file
#   // limit: 2500          time limit in milliseconds
#   // expect: TEXT         the one error, whatever the compiler
#   // gcc: TEXT            the one error with GCC
#   // clang: FILE:LINE: WORD...   the beginning of the one error with Clang, and quoted words that it has
#   // graph: LINE          a line of the graph
# Prints TAP.
evaluate=$(realpath "$1") root=$2 library=$3 tests=$4
shift 4
cache=$(mktemp -d) || exit 1
trap 'rm -rf "$cache"' EXIT
number=0 failed=0

report() { # ok|not ok, name
    number=$((number + 1))
    echo "$1 $number - $2"
    [ "$1" = ok ] && return
    failed=$((failed + 1))
    printf '%s\n' "expected:" "$expected" "got:" "$got" | sed 's/^/# /'
}

# Clang's wording is its own: the file and line, one error, and the types.
clang_matches() {
    place=${expected%%: *}
    [ "$(printf '%s\n' "$got" | wc -l)" = 1 ] || return 1
    case $got in "$place":*) ;; *) return 1 ;; esac
    words=${expected#"$place":}
    while :; do
        case $words in *"'"*"'"*) ;; *) return 0 ;; esac
        words=${words#*"'"}
        word=${words%%"'"*}
        words=${words#*"'"}
        case $got in *"'$word'"*) ;; *) return 1 ;; esac
    done
}

run() { # compiler, file: one run, with what was read of its header
    case $1 in *clang*) own=$clang ;; *) own=$gcc ;; esac
    expected=${graph:-${expect:-$own}}
    [ -n "$expected" ] || return
    got=$("$evaluate" "$1" "$root" "$library" "$cache/$2.$1" "$limit" "$2" $keys 2>&1)
    [ -n "$graph" ] || got=$(printf '%s\n' "$got" | grep -v ': warning: ')
    name="$2 $keys with $1"
    if [ -z "$graph$expect" ] && [ "$own" = "$clang" ] && [ "$own" != "$gcc" ]; then
        if clang_matches; then report ok "$name"; else report 'not ok' "$name"; fi
    elif [ "$got" = "$expected" ]; then
        report ok "$name"
    else
        report 'not ok' "$name"
    fi
}

forget() {
    keys= limit=5000 expect= gcc= clang= graph=
}

file() { # compiler, file
    forget
    while IFS= read -r line; do
        text=${line#// *: }
        case $line in
        '// keys: '*)
            run "$1" "$2"
            forget
            keys=$text
            ;;
        '// limit: '*) limit=$text ;;
        '// expect: '*) expect=$text ;;
        '// gcc: '*) gcc=$text ;;
        '// clang: '*) clang=$text ;;
        '// graph: '*) graph=${graph:+$graph
}$text ;;
        *) break ;;
        esac
    done <"$2"
    run "$1" "$2"
}

for folder in negative positive; do
    cd "$tests/$folder" || exit 1
    for compiler; do
        for config in *.c; do
            file "$compiler" "$config"
        done
    done
done
echo "1..$number"
exit $((failed > 0))
