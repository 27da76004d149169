#!/usr/bin/env python3
"""
Several mirage commands in one folder at once: they wait for each other, and each does what it does alone.

usage: concurrent.py MIRAGE FOLDER ROUNDS
"""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

from tap import Tap, mirage_environment

# What four builders of one folder want: the same, and what the others don't.
WISHES = {
    "equal options": [["build"]] * 4,
    "different targets and modes": [["build", "-t", "linux"], ["build", "-t", "sim"], ["build", "--release"], ["build", "--cc=clang"]],
    "building, describing and testing": [["build"], ["describe"], ["test"], ["build", "-t", "sim"]],
    "cleaning": [["build"], ["clean"], ["build"], ["clean"]],
}


class Folder:
    def __init__(self, mirage, work):
        self.mirage, self.work, self.env = mirage, work, mirage_environment(work, alone=True)
        self.app = work / "app"
        subprocess.run([mirage, "new", "app"], cwd=work, env=self.env, check=True, capture_output=True)

    def begin(self, *words):
        return subprocess.Popen([self.mirage, *words], cwd=self.app, env=self.env, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def at_once(folder, wishes, rounds):
    """What went wrong in so many rounds, each of which builds a changed source."""
    wrong = []
    for n in range(rounds):
        with open(folder.app / "unikernel.c", "a") as source:
            source.write(f"/* {n} */\n")
        for words, done in [(words, folder.begin(*words)) for words in wishes]:
            _, err = done.communicate(timeout=600)
            others = [line for line in err.splitlines() if not line.startswith("Waiting for another mirage to finish in ")]
            if done.returncode != 0 or others:
                wrong.append(f"round {n}: mirage {' '.join(words)} ended with status {done.returncode}: {err}")
    return wrong


def waiting(tap, folder):
    """Who waits says for what, and goes on when the lock is free. A lock that is deleted is none."""
    lock = folder.app / "_build" / "lock"
    lock.parent.mkdir(exist_ok=True)
    with open(lock, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        builder = folder.begin("build")
        said = builder.stderr.readline()
        tap.equal("who has to wait says so", said, f"Waiting for another mirage to finish in {folder.app}\n")
        tap.equal("and waits", builder.poll(), None)
        shutil.rmtree(lock.parent)
    out, err = builder.communicate(timeout=600)
    tap.equal("then builds, in a new folder when the old one is gone", (builder.returncode, out, err), (0, "_build/linux/app\n", ""))
    with open(lock, "w"):
        tap.equal("a lock file that nobody holds stops nobody", folder.begin("build").communicate(timeout=600), ("_build/linux/app\n", ""))


def main():
    tap, rounds = Tap(), int(sys.argv[3])
    work = Path(sys.argv[2]).resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    folder = Folder(str(Path(sys.argv[1]).resolve()), work)
    for what, wishes in WISHES.items():
        wrong = at_once(folder, wishes, rounds)
        tap.report(not wrong, f"{what}, four at once, {rounds} times", "\n".join(wrong))
        folder.begin("configure", "-t", "linux", "--development", "--cc=gcc").communicate()
    waiting(tap, folder)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
