#!/usr/bin/env python3
"""The project's own stack with the kernel as its peer where things go wrong: bad lines, crowds, attackers, peers that read slowly or
vanish, links that go down, paths that narrow.

robust.py MIRAGE WORK-FOLDER FLOOD [--quick] [TEST...]

--quick does less of each, with one program, whose sanitizers leave nothing to say of memory and speed.

NET_SEEDS says how many seeds of the bad line are tried; NET_SEED tries one alone, as a failure names it.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import lab  # noqa: E402
from tap import Tap  # noqa: E402
from trouble.crowds import Crowds  # noqa: E402
from trouble.floods import Floods  # noqa: E402
from trouble.hostile import Hostile  # noqa: E402
from trouble.lazy import Lazy  # noqa: E402
from trouble.lines import Lines  # noqa: E402
from trouble.opening import Opening  # noqa: E402


class Tests(Lines, Opening, Crowds, Floods, Hostile, Lazy):
    pass


TESTS = ["faults", "fast_open", "sequence", "crowd", "syn_flood", "storms", "scans", "garbage", "fragments", "slow", "vanish", "down", "narrow"]


def main():
    mirage, work, flood = (Path(word).resolve() for word in sys.argv[1:4])
    words = sys.argv[4:]
    tap = Tap()
    tests = Tests(tap, mirage, work, flood, "--quick" in words)
    return lab.run_tests(tests, [word for word in words if word != "--quick"] or TESTS, "curl", "ping", "prlimit")


if __name__ == "__main__":
    sys.exit(main())
