#!/usr/bin/env python3
"""Builds the compositions in apps/ with the mirage command, runs them and compares what they print.

apps/NAME: prints `expected` on each target in each mode.
"""

import argparse
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from tap import Tap, mirage_environment, run  # noqa: E402

MODES = {
    "gcc": ["--cc=gcc"],
    "gcc sanitized": ["--cc=gcc", "--sanitize=address,undefined"],
    "clang release": ["--cc=clang", "--release"],
}
TARGETS = ["linux"]


def same_output(tap, mirage, source, work, env):
    expected = (source / "expected").read_text()
    for target in TARGETS:
        for name, options in MODES.items():
            status, out, err = run([mirage, "run", f"--target={target}", *options], work, env)
            tap.report(status == 0 and out == expected, f"{source.name}, {target}, {name}",
                       f"status {status}\n{err}\n-- expected\n{expected}\n-- printed\n{out}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mirage")
    parser.add_argument("work", type=Path)
    parser.add_argument("which", nargs="*", help="names of cases; all without any")
    args = parser.parse_args()
    tap = Tap()
    work = args.work.resolve()
    env = mirage_environment(work)
    shutil.rmtree(work / "apps", ignore_errors=True)
    shutil.copytree(HERE / "apps", work / "apps", ignore=shutil.ignore_patterns("_build", "compile_commands.json"))
    for name in ("frames.h",):
        shutil.copy(HERE / name, work / name)
    for source in sorted((HERE / "apps").iterdir()):
        if args.which and source.name not in args.which:
            continue
        if (source / "expected").exists():
            same_output(tap, args.mirage, source, work / "apps" / source.name, env)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
