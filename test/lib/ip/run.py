#!/usr/bin/env python3
"""Builds sim/ for the target sim and runs it with many seeds. It is a host without TCP, and the other end of its wire.

The program prints its own tests in TAP. This script repeats the lines of the first run, and prints one line for the
other seeds.
"""

import argparse
import shutil
import sys
from pathlib import Path

from tap import Tap, mirage_environment, run

HERE = Path(__file__).resolve().parent
ARGUMENTS = ["--ipv4=10.0.0.2/24", "--ipv4-gateway=10.0.0.1", "--ipv6=2001:db8::2/64", "--log=*:error"]
MODES = {
    "gcc, sanitized": ["--cc=gcc", "--sanitize=address,undefined"],
    "clang, release": ["--cc=clang", "--release", "--sanitize=none"],
}
SEEDS = 30


def results(text):
    return [line for line in text.splitlines() if line.startswith(("ok ", "not ok "))]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mirage")
    parser.add_argument("work", type=Path)
    options = parser.parse_args()
    shutil.rmtree(options.work, ignore_errors=True)
    work = options.work / "host"
    shutil.copytree(HERE / "sim", work, ignore=shutil.ignore_patterns("_build"))
    env = mirage_environment(options.work)
    tap = Tap()
    for mode, flags in MODES.items():
        status, out, err = run([options.mirage, "build", "--target=sim", *flags], work, env)
        tap.report(status == 0, f"builds: {mode}", out + err)
        if status != 0:
            continue
        binary = str(work / out.strip().splitlines()[-1])
        status, out, err = run([binary, *ARGUMENTS], work, env)
        for line in results(out):
            tap.report(line.startswith("ok "), f"{line.split(' - ', 1)[1]}: {mode}", out + err)
        tap.report(status == 0, f"ends well: {mode}", out + err)
        bad = []
        for seed in range(2, SEEDS):
            status, out, err = run([binary, f"--seed={seed}", *ARGUMENTS], work, env)
            if status != 0:
                bad.append(f"--seed={seed}\n{out}{err}")
        tap.report(not bad, f"{SEEDS - 2} other seeds: {mode}", "\n".join(bad[:3]))
    return tap.end()


sys.exit(main())
