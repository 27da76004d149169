#!/usr/bin/env python3
"""How long mirage build takes: from nothing, when nothing changed, and after one changed file.

usage: bench/build/run.py MIRAGE [ROUNDS]
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CHANGED = {"hello": "unikernel.c", "website": "website.c"}


def build(mirage, app, options, cache):
    begin = time.monotonic()
    subprocess.run([mirage, "build", str(app), *options], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "XDG_CACHE_HOME": str(cache)})
    return time.monotonic() - begin


def measure(mirage, work, name, options, rounds):
    """Median times: all from nothing; with the runtime's objects in the cache; with nothing to do; with one functor changed."""
    app, cache = work / "examples" / name, work / "cache"
    times = {"from nothing": [], "runtime cached": [], "nothing to do": [], "one file changed": []}
    for i in range(rounds):
        shutil.rmtree(cache, ignore_errors=True)
        for kind in ("from nothing", "runtime cached"):
            shutil.rmtree(app / "_build", ignore_errors=True)
            times[kind].append(build(mirage, app, options, cache))
        times["nothing to do"].append(build(mirage, app, options, cache))
        with open(app / CHANGED[name], "a") as source:
            source.write(f"/* {i} */\n")
        times["one file changed"].append(build(mirage, app, options, cache))
    return {kind: statistics.median(t) for kind, t in times.items()}


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    mirage, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    modes = [("gcc, development", ["--cc=gcc", "--development"]), ("gcc, release", ["--cc=gcc", "--release"]),
             ("clang, development", ["--cc=clang", "--development"]), ("clang, release", ["--cc=clang", "--release"])]
    with tempfile.TemporaryDirectory(prefix="mirage-bench-") as folder:
        work = Path(folder)
        ignore = shutil.ignore_patterns("_build", "compile_commands.json")
        shutil.copytree(ROOT / "examples", work / "examples", ignore=ignore)
        shutil.copytree(ROOT / "docs", work / "docs", ignore=ignore)
        print("| program | mode | from nothing | runtime cached | one file changed | nothing to do |")
        print("| --- | --- | --- | --- | --- | --- |")
        for name in CHANGED:
            for mode, options in modes:
                t = measure(mirage, work, name, options, rounds)
                print(f"| {name} | {mode} | {t['from nothing']:.2f} s | {t['runtime cached']:.2f} s | "
                      f"{t['one file changed']:.2f} s | {1000 * t['nothing to do']:.0f} ms |", flush=True)


if __name__ == "__main__":
    main()
