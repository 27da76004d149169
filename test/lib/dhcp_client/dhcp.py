#!/usr/bin/env python3
"""Tests the DHCP client for a day of virtual time over a line that loses, repeats, reorders and corrupts. Prints TAP.

dhcp.py MIRAGE SOURCE-FOLDER WORK-FOLDER [SEEDS]
"""

import shutil
import sys
from pathlib import Path

from tap import Tap, mirage_environment, run

ARGUMENTS = ["--server-ipv4=10.0.0.1/24", "--dhcp", "--address-wait=0s", "--log=*:error"]


def main():
    mirage, source, work = (Path(word).resolve() for word in sys.argv[1:4])
    seeds = int(sys.argv[4]) if len(sys.argv) > 4 else 60
    tap = Tap()
    shutil.rmtree(work, ignore_errors=True)
    folder, env = work / "sim", mirage_environment(work)
    shutil.copytree(source / "test/lib/dhcp_client/sim", folder, ignore=shutil.ignore_patterns("_build", "compile_commands.json"))
    status, out, err = run([str(mirage), "build", "--target=sim", "--cc=gcc", "--sanitize=address,undefined"], folder, env)
    if status != 0:
        tap.report(False, "it builds", err)
        return tap.end()
    program = str(folder / out.strip())
    status, out, err = run([program, "--server-ipv4=10.0.0.1/24", "--log=dhcp:warning,*:error"], folder, env)
    said = "no address was given: give --dhcp, --ipv4 or --ipv6; a router may advertise one, which is waited for 20.0 s"
    first = err.splitlines()[0] if err else ""
    tap.report(first.split()[:1] == ["0.000000"] and first.endswith(said), "without --dhcp and --ipv4 it says at once what to give", out + err)
    bad = []
    for seed in range(1, seeds + 1):
        status, out, err = run([program, f"--seed={seed}", *ARGUMENTS], folder, env)
        if status != 0 or not out.startswith("well"):
            bad.append(f"--seed={seed}: status {status}, {out}{err}")
    tap.report(not bad, f"a day with a DHCP server, {seeds} seeds", "\n".join(bad[:10]))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
