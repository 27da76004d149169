#!/usr/bin/env python3
"""Builds the compositions beside this file with the mirage command and compares what comes out.

positive/NAME: builds, runs, and prints `expected`, with both compilers, in both modes, and sanitized.
negative/NAME: does not build, and says exactly what `expected` says, or `expected.clang` with Clang.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

from tap import ROOT, Tap, mirage_environment, run

HERE = Path(__file__).resolve().parent
MODES = {
    "gcc": ["--cc=gcc"],
    "gcc release": ["--cc=gcc", "--release"],
    "gcc sanitized": ["--cc=gcc", "--sanitize=address,undefined"],
    "clang": ["--cc=clang"],
    "clang release": ["--cc=clang", "--release"],
}


def fresh_copy(source, work):
    """`from` names a composition among the positive ones that this one changes some files of."""
    ignore = shutil.ignore_patterns("_build", "compile_commands.json", "expected*")
    shutil.rmtree(work, ignore_errors=True)
    if (source / "from").exists():
        shutil.copytree(HERE / "positive" / (source / "from").read_text().strip(), work, ignore=ignore)
    shutil.copytree(source, work, ignore=ignore, dirs_exist_ok=True)


def positive(tap, mirage, source, work, env):
    fresh_copy(source, work)
    expected = (source / "expected").read_text()
    for name, options in MODES.items():
        status, out, err = run([mirage, "run", *options], work, env)
        tap.report(status == 0 and out == expected, f"{source.name}, {name}",
                   f"status {status}\n{err}\n-- expected\n{expected}\n-- printed\n{out}")
        shutil.rmtree(work / "_build")


def negative(tap, mirage, source, work, env):
    for cc in ("gcc", "clang"):
        fresh_copy(source, work)
        file = source / "expected.clang"
        if cc == "gcc" or not file.exists():
            file = source / "expected"
        expected = file.read_text()
        status, out, err = run([mirage, "build", f"--cc={cc}"], work, env)
        said = err.replace(str(work) + "/", "")
        tap.report(status == 1 and out == "" and said == expected, f"{source.name} is refused, {cc}",
                   f"status {status}\n{out}\n-- expected\n{expected}\n-- said\n{said}")


def call_graph(binary, env):
    """Of each function: the functions it calls, and whether it calls through a pointer."""
    _, listing, _ = run(["objdump", "-d", "--no-show-raw-insn", str(binary)], None, env)
    calls, indirect, current = {}, set(), None
    for line in listing.splitlines():
        head = re.match(r"^[0-9a-f]+ <(.+)>:$", line)
        if head:
            current = head.group(1)
            calls[current] = set()
            continue
        branch = re.search(r"\t(?:call|jmp)[a-z]*\s+(.*)$", line)
        if not branch or current is None:
            continue
        target = re.search(r"<([^>+]+)(\+0x[0-9a-f]+)?>", branch.group(1))
        if branch.group(1).startswith("*"):
            indirect.add(current)
        elif target and target.group(1) != current:
            calls[current].add(target.group(1))
    return calls, indirect


def reaching(calls, start, goal):
    """The functions on some path from start to goal."""
    callers = {}
    for caller, callees in calls.items():
        for callee in callees:
            callers.setdefault(callee, set()).add(caller)

    def closure(edges, root):
        seen, todo = {root}, [root]
        while todo:
            for n in edges.get(todo.pop(), ()):
                if n not in seen:
                    seen.add(n)
                    todo.append(n)
        return seen

    return closure(calls, start) & closure(callers, goal)


def boundary(tap, mirage, work, env, cc):
    """From hello_start to write(2): direct calls only, and no operation of CONSOLE is a function any more."""
    fresh_copy(ROOT / "examples" / "hello", work)
    status, _, err = run([mirage, "build", "--release", f"--cc={cc}"], work, env)
    if status != 0:
        tap.report(False, f"hello builds, {cc}", err)
        return
    binary = work / "_build" / "linux-release" / work.name
    calls, indirect = call_graph(binary, env)
    start = "hello_start" if "hello_start" in calls else "job_1"
    # What ends the program for a broken stack, or logs why the job failed or nobody reads, isn't on the way. write_line is
    # runtime/log.c's.
    for callees in calls.values():
        callees.difference_update({name for name in callees if re.match(r"(log_write|write_line)(\.|$)|__stack_chk_fail@plt$", name)})
    path = reaching(calls, start, "write@plt")
    tap.report("write@plt" in path, f"{start} reaches write by direct calls, {cc}", str(sorted(path)))
    through = sorted((path & indirect) - {"write@plt"})
    tap.report(not through, f"no indirect call on the way, {cc}", f"indirect calls in: {through}")
    _, symbols, _ = run(["nm", str(binary)], None, env)
    left = [s for s in re.findall(r" [Tt] (\S+)", symbols)
            if re.match(r"console_(unix_)?(write|log|disconnect)(\.|$)", s)]
    tap.report(not left, f"no symbol of the functor boundary is left, {cc}", str(left))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mirage")
    parser.add_argument("work", type=Path)
    parser.add_argument("which", nargs="*", help="names of cases; all without any")
    args = parser.parse_args()
    tap = Tap()
    work, args.mirage = args.work.resolve(), str(Path(args.mirage).resolve())
    env = mirage_environment(work)

    for kind, check in (("positive", positive), ("negative", negative)):
        for source in sorted((HERE / kind).iterdir()):
            if source.is_dir() and (not args.which or source.name in args.which):
                check(tap, args.mirage, source, work / source.name, env)
    if not args.which or "boundary" in args.which:
        for cc in ("gcc", "clang"):
            boundary(tap, args.mirage, work / "hello", env, cc)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
