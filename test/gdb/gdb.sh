#!/bin/bash
# gdb.sh SOURCE MIRAGE COMPILER: stop in a functor's file and look back through the fiber.
set -euo pipefail
source=$1 mirage=$2 compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0 failed=no

check() {
    local what=$1 result=ok
    shift
    "$@" || { result='not ok' && failed=yes; }
    number=$((number + 1))
    printf '%s %d - %s\n' "$result" "$number" "$what"
}
frame() { grep -Eq "^#$1 +(0x[0-9a-f]+ in )?$2 \(.*\) at .*$3" "$work/said"; }

ends_there() { ! sed '/^Breakpoint 2,/,$d' "$work/said" | grep -q '^#3'; }
unwinds() { ! grep -Eq 'corrupt|previous frame|\?\? \(' "$work/said"; }

if ! command -v gdb >/dev/null; then
    echo '1..0 # SKIP gdb is not installed'
    exit 0
fi
cp -r "$source/test/gdb/app" "$work/app"
"$mirage" build --cc="$compiler" "$work/app" >"$work/said" 2>&1 || { sed 's/^/# /' "$work/said" && exit 1; }
line=$(sed -n '/stop here/=' "$work/app/ask.c")
timeout 60 gdb -nx -q -batch -ex 'set debuginfod enabled off' -ex "break ask.c:$line" -ex run -ex backtrace \
    -ex 'break console_unix_log' -ex continue -ex backtrace -ex kill \
    "$work/app/_build/linux/app" >"$work/said" 2>&1 </dev/null || true

echo 1..8
check 'the breakpoint stops in the functor' grep -Eq "^Breakpoint 1, answer \(.*ask.c:$line" "$work/said"
check 'the innermost frame is the line of the functor' frame 0 answer "/ask\.c:$line"
check 'the fiber is called by the runtime' frame 1 fiber_main '/runtime/fiber\.c:'
check 'and begins in the switch' frame 2 arch_fiber_start '/switch\.S:'
check 'where the backtrace ends' ends_there
check 'a parameter is a direct call from it into the chosen module' frame 0 console_unix_log '/console_unix\.c:'
check 'whose caller is the line of the functor' frame 1 answer "/ask\.c:$line"
check 'with nothing that gdb could not unwind' unwinds
[ $failed = no ] || sed 's/^/# /' "$work/said"
