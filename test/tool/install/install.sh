#!/bin/bash
# install.sh SOURCE COMPILER: install mirage from a copy of the sources under a prefix, and build an application that
# knows nothing but that prefix.
set -euo pipefail
source=$1 compiler=$2
unset MIRAGE_ROOT CC DESTDIR
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
prefix=$work/prefix tree=$work/tree number=0

# check WHAT COMMAND...: one case, whose output is shown when it fails.
check() {
    local what=$1 result=ok
    shift
    "$@" >"$work/log" 2>&1 </dev/null || result='not ok'
    number=$((number + 1))
    printf '%s %d - %s\n' "$result" "$number" "$what"
    [ "$result" = ok ] || sed 's/^/# /' "$work/log"
}

install_all() {
    mkdir "$tree" &&
        (cd "$source" && tar -cf - --exclude='./build*' --exclude=./.git --exclude=corpus .) | tar -xf - -C "$tree" &&
        CC=$compiler meson setup --prefix "$prefix" "$tree/build" "$tree" &&
        ninja -C "$tree/build" tool/mirage tool/crunch/mirage-crunch tool/libmirage-config.so installation/mirage.1 installation/mirage.bash &&
        meson install -C "$tree/build" --no-rebuild &&
        rm -rf "$tree"
}
has_files() {
    local file
    for file in bin/mirage libexec/mirage/mirage-crunch include/mirage/functor.h include/mirage/sig/console.h \
        share/mirage/runtime/fiber.c share/mirage/platform/linux/wait.c share/mirage/devices/console/console_unix.c \
        share/man/man1/mirage.1 share/man/man1/mirage-build.1 \
        share/bash-completion/completions/mirage.bash share/zsh/site-functions/_mirage; do
        [ -f "$prefix/$file" ] || { echo "$file is missing" && return 1; }
    done
    for file in libmirage-config.so mirage-modules.h; do
        [ -n "$(find "$prefix" -path "*/mirage/$file")" ] || { echo "$file is missing" && return 1; }
    done
}
has_no_others() {
    local extra
    extra=$(find "$prefix" \( -name meson.build -o -name 'test*' -o -name _build -o -name '*.md' \) ! -name mirage-test.1)
    [ -z "$extra" ] || { echo "$extra" && return 1; }
}
build_app() { (cd "$work" && "$prefix/bin/mirage" build --cc="$compiler" app); }
run_app() { [ "$(timeout 200 "$work/app/_build/linux/app")" = 'hello from an installed mirage' ]; }
forgets_source() {
    local named
    named=$(grep -rlF -e "$source/" -e "$tree/" "$work/app" "$work/cache" || true)
    [ -z "$named" ] || { echo "these name the source tree: $named" && return 1; }
}
explains_all() {
    local command
    for command in $("$prefix/bin/mirage" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
        [ -f "$prefix/share/man/man1/mirage-$command.1" ] || { echo "mirage $command has no page" && return 1; }
    done
}
warns() { # of the manual
    local said
    said=$(mandoc -T lint -W warning "$prefix"/share/man/man1/*.1 2>&1) || true
    [ -z "$said" ] || { echo "$said" && return 1; }
}
describes() { "$prefix/bin/mirage" describe "$work/app" | grep -F "share/mirage" && return 1 || return 0; }
# What bash offers for these words, of which the last is being typed.
completes() {
    bash -c 'source "$0"; complete -p mirage >/dev/null || exit; compopt() { :; }
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _mirage; echo "${COMPREPLY[*]}"' \
        "$prefix/share/bash-completion/completions/mirage.bash" "$@"
}
offers() {
    test "$(completes mirage bu)" = build && test "$(completes mirage build --target = s)" = sim &&
        test "$(completes mirage build --cc =)" = 'gcc clang'
}

echo 1..12
check 'mirage installs under a prefix' install_all
check 'the prefix has the programs, headers, sources, manual and completions' has_files
check 'and nothing that only the source tree needs' has_no_others
cp -r "$source/test/tool/install/app" "$work/app"
check 'an application outside the tree builds' build_app
check 'and runs' run_app
check 'nothing that was built or cached names the source tree' forgets_source
check 'mirage describe names sources relative to the installation' describes
if command -v mandoc >/dev/null; then
    check 'the manual is free of warnings' warns
else
    number=$((number + 1)) && echo "ok $number - the manual # SKIP mandoc is not installed"
fi
check 'every command has its page' explains_all
check 'the completion for bash parses' bash -n "$prefix/share/bash-completion/completions/mirage.bash"
check 'it offers commands, targets and compilers' offers
if command -v zsh >/dev/null; then
    check 'the completion for zsh parses' zsh -n "$prefix/share/zsh/site-functions/_mirage"
else
    number=$((number + 1)) && echo "ok $number - the completion for zsh # SKIP zsh is not installed"
fi
