"""What the tests that drive programs share: reporting in TAP, and running with a time limit."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # of the sources


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def report(self, ok, name, details=""):
        self.count += 1
        self.failed += not ok
        print(f"{'ok' if ok else 'not ok'} {self.count} - {name}")
        if not ok:
            for line in details.splitlines():
                print(f"# {line}")
        sys.stdout.flush()

    def equal(self, name, got, expected):
        self.report(got == expected, name, f"-- expected\n{expected}\n-- got\n{got}")

    def skip(self, name, reason):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {reason}")

    def end(self):
        """The plan; returns the exit status."""
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def run(argv, cwd, env):
    # Meson gives programs of the build relative to its folder.
    if "/" in str(argv[0]) and Path(argv[0]).exists():
        argv = [str(Path(argv[0]).resolve()), *argv[1:]]
    done = subprocess.run(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, timeout=1200,
                          capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def mirage_environment(work):
    """The environment without what would change mirage's choices, and with a cache of the test's own."""
    env = {k: v for k, v in os.environ.items() if k not in ("CC", "MIRAGE_ROOT", "NO_COLOR")}
    env["XDG_CACHE_HOME"] = str(work / "cache")
    return env
