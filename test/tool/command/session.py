"""A user's session with the mirage command, in a folder of its own."""

import shutil
import sys
from pathlib import Path

from tap import Tap, mirage_environment, run


class Session:
    def __init__(self, tap, mirage, work):
        self.tap, self.mirage, self.work, self.env = tap, mirage, work, mirage_environment(work, alone=True)

    def mirage_does(self, *words, cwd=None, **env):
        return run([self.mirage, *words], cwd or self.work, {**self.env, **env})

    def says(self, name, words, status, out, err, cwd=None):
        got = self.mirage_does(*words, cwd=cwd)
        self.tap.equal(name, got, (status, out, err))


def play(parts):
    """Run the parts with MIRAGE and FOLDER of the command line. Returns the exit status."""
    tap = Tap()
    work = Path(sys.argv[2]).resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    session = Session(tap, str(Path(sys.argv[1]).resolve()), work)
    for part in parts:
        part(session)
    return tap.end()
