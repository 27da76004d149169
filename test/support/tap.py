"""For tests that drive programs: reports in TAP, and runs programs with a time limit."""

import os
import re
import shutil
import subprocess
import sys
import time
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
        """Print the plan. Returns the exit status."""
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def rests(pid, most_wakes=0):
    """
    Whether the process comes to rest: found asleep ten times in a row, and woken no more than so often meanwhile. One that spins
    is not, however little a busy machine lets it run.
    """
    looks = []
    for _ in range(1000):
        state = re.search(r"^State:\s+(\w).*^voluntary_ctxt_switches:\s+(\d+)$", Path(f"/proc/{pid}/status").read_text(), re.M | re.S)
        looks = [*looks[-9:], int(state[2])] if state[1] == "S" else []
        if len(looks) == 10 and looks[-1] - looks[0] <= most_wakes:
            return True
        time.sleep(0.02)
    return False


def run(argv, cwd, env):
    # Meson gives programs of the build relative to its folder.
    if "/" in str(argv[0]) and Path(argv[0]).exists():
        argv = [str(Path(argv[0]).resolve()), *argv[1:]]
    done = subprocess.run(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, timeout=1200,
                          capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def project_files():
    """The names of the project's files: those that git knows, and new ones that it does not ignore. Outside a git checkout,
    says that the test is skipped and returns None."""
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        print("1..0 # SKIP this is no git checkout, so which files are the project's is not known")
        return None
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def scratch_tree(compiler, work):
    """Empty the folder `work`, and copy the project into it for a test that changes and builds it. Returns the copy, a folder
    beside it for applications, and the environment; None outside a git checkout, where the test is skipped."""
    work = Path(work).resolve()
    shutil.rmtree(work, ignore_errors=True)
    tree, apps = work / "tree", work / "apps"
    apps.mkdir(parents=True)
    files = project_files()
    if files is None:
        return None
    for name in files:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)
    env = mirage_environment(work, alone=True)
    env["CC"] = compiler
    return tree, apps, env


def mirage_environment(work, alone=False):
    """The environment, without variables that change mirage's choices, and with the cache of the build folder's tests; with one
    of the test's own for a test that is `alone`, or that no build folder runs."""
    env = {k: v for k, v in os.environ.items() if k not in ("CC", "CFLAGS", "LDFLAGS", "MIRAGE_ROOT", "NO_COLOR")}
    shared = env.get("MIRAGE_TEST_CACHE")
    env["XDG_CACHE_HOME"] = str(work / "cache") if alone or not shared else shared
    return env
