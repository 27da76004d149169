#!/usr/bin/env python3
"""The project's own stack with the kernel as its peer where things go wrong: bad lines, crowds, attackers, peers that read slowly or
vanish, links that go down, paths that narrow, single bytes, messages of all kinds.

robust.py MIRAGE WORK-FOLDER FLOOD [--quick] [TEST...]

--quick does less of each, with one program, whose sanitizers leave nothing to say of memory and speed.

NET_SEEDS says how many seeds of the bad line are tried; NET_SEED tries one alone, as a failure names it.
"""

import sys
from pathlib import Path

import lab
from tap import Tap
from trouble.crowds import Crowds
from trouble.floods import Floods
from trouble.hostile import Hostile
from trouble.lazy import Lazy
from trouble.lines import Lines
from trouble.noise import Noise
from trouble.opening import Opening
from trouble.sparse import Sparse


class Tests(Lines, Opening, Crowds, Floods, Hostile, Lazy, Noise, Sparse):
    pass


TESTS = ["faults", "fast_open", "sequence", "crowd", "syn_flood", "storms", "scans", "garbage", "fragments", "slow", "vanish", "down", "narrow",
         "wide", "sparse", "noise", "stalled_log"]


def main():
    mirage, work, flood = (Path(word).resolve() for word in sys.argv[1:4])
    words = sys.argv[4:]
    tap = Tap()
    tests = Tests(tap, mirage, work, flood, "--quick" in words)
    return lab.run_tests(tests, [word for word in words if word != "--quick"] or TESTS, "curl", "ping", "prlimit")


if __name__ == "__main__":
    sys.exit(main())
