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
part() { sed -n "/^$1/,/^$2/p" "$work/said"; }
in_frame() { grep -Eq "^#$1 +(0x[0-9a-f]+ in )?$2 \(.*\) at .*$3"; }
first() { part 'Breakpoint 1' 'all fibers' | in_frame "$@"; }
other() { part 'all fibers' back | in_frame "$@"; }
last() { part back '@' | in_frame "$@"; }

ends_there() { ! sed '/^all fibers/,$d' "$work/said" | grep -q '^#3'; }
unwinds() { ! grep -Eq 'corrupt|previous frame|\?\? \(' "$work/said"; }

if ! command -v gdb >/dev/null; then
    echo '1..0 # SKIP gdb is not installed'
    exit 0
fi
cp -r "$source/test/tool/gdb/app" "$work/app"
"$mirage" build --cc="$compiler" "$work/app" >"$work/said" 2>&1 || { sed 's/^/# /' "$work/said" && exit 1; }
line=$(sed -n '/stop here/=' "$work/app/ask.c")
join=$(sed -n '/os_join/=' "$work/app/ask.c")
timeout 600 gdb -nx -q -batch -ex 'set debuginfod enabled off' -ex "break ask.c:$line" -ex run -ex backtrace \
    -ex "source $source/tool/gdb/mirage.py" -ex 'echo \nall fibers\n' -ex fibers -ex 'fiber 2' -ex 'echo \nback\n' \
    -ex 'break console_unix_log' -ex continue -ex backtrace -ex kill \
    "$work/app/_build/linux/app" >"$work/said" 2>&1 </dev/null || true

echo 1..11
check 'the breakpoint stops in the functor' grep -Eq "^Breakpoint 1, answer \(.*ask.c:$line" "$work/said"
check 'the innermost frame is the line of the functor' first 0 answer "/ask\.c:$line"
check 'the fiber is called by the runtime' first 1 fiber_main '/runtime/fiber\.c:'
check 'and begins in the switch' first 2 arch_fiber_start '/switch\.S:'
check 'where the backtrace ends' ends_there
check 'the command fibers tells what each fiber waits in' grep -Eq '^ +2 job_1: os_join$' "$work/said"
check 'the command fiber shows the line where one waits' other '[0-9]+' ask_start "/ask\.c:$join"
check 'and how it came there' other '[0-9]+' arch_fiber_start '/switch\.S:'
check 'a parameter is a direct call from it into the chosen module' last 0 console_unix_log '/console_unix\.c:'
check 'whose caller is the line of the functor' last 1 answer "/ask\.c:$line"
check 'with nothing that gdb could not unwind' unwinds
[ $failed = no ] || sed 's/^/# /' "$work/said"
