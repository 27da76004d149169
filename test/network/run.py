#!/usr/bin/env python3
"""Builds the compositions in apps/ with the mirage command, runs them and compares what they print.

apps/NAME: prints `expected` on each target in each mode. sim: what the simulation promises. lacking: what it refuses.
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
TARGETS = ["linux", "sim"]


def same_output(tap, mirage, source, work, env):
    expected = (source / "expected").read_text()
    for target in TARGETS:
        for name, options in MODES.items():
            status, out, err = run([mirage, "run", f"--target={target}", *options], work, env)
            tap.report(status == 0 and out == expected, f"{source.name}, {target}, {name}",
                       f"status {status}\n{err}\n-- expected\n{expected}\n-- printed\n{out}")


def simulation(tap, mirage, work, env):
    """A run of sim is a function of its seed, and takes no time."""
    status, out, err = run([mirage, "build", "--target=sim", "--cc=gcc", "--release"], work, env)
    tap.report(status == 0, "sim builds", err)
    binary = str(work / "_build" / "sim-release" / work.name)
    seeds = {}
    for seed in range(50):
        first, again = (run([binary, f"--seed={seed}"], work, env) for _ in range(2))
        if first != again or first[0] != 0 or f"a run --seed={seed}" not in first[2]:
            tap.report(False, f"seed {seed} is the same run twice", f"{first}\n{again}")
            return
        seeds[first[1]] = seed
    tap.report(len(seeds) == 50, "one seed is one run, others are others", f"{len(seeds)} runs of 50 seeds")
    tap.report(all(out.endswith("31536000 s\n") for out in seeds), "a year passes at once")
    _, without, _ = run([binary], work, env)
    _, one, _ = run([binary, "--seed=1"], work, env)
    tap.report(without == one, "without a seed it is 1", without)
    status, _, err = run([binary, "--seed=7", "--end=badly"], work, env)
    tap.report(status == 1 and "job job failed with --seed=7: " in err, "a failure tells its seed", err)
    status, _, err = run([binary, "--seed=8", "--end=never"], work, env)
    tap.report(status == 1 and "deadlock with --seed=8: " in err, "a deadlock is told at once, with its seed", err)


def lacking(tap, mirage, work, env):
    status, out, err = run([mirage, "build", "--target=sim"], work, env)
    tap.equal("what needs Linux is refused", (status, out, err.replace(str(work) + "/", "")), (
        1, "", "config.c:6: error: socket_stack() is a module of the target linux alone, and this program is for sim\n"))


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
    for check in (simulation, lacking):
        name = {simulation: "sim"}.get(check, check.__name__)
        if not args.which or name in args.which:
            shutil.rmtree(work / name, ignore_errors=True)
            shutil.copytree(HERE / name, work / name)
            check(tap, args.mirage, work / name, env)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
