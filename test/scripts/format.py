#!/usr/bin/env python3
"""Checks that the tree obeys .clang-format, and that no line of C is longer than its limit, comments included."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tap import ROOT, Tap, project_files

VERSION = "14"  # other versions format some places differently
COLUMNS = 110
# Tests name lines of these files, and some of them are not C on purpose. Each folder has a .clang-format that says so.
AS_WRITTEN = re.compile(r"^test/tool/(functor|config)/(negative|positive)/")


def main():
    files = project_files()
    if files is None:
        return 0
    files = [name for name in files if name.endswith((".c", ".h")) and not AS_WRITTEN.match(name)]
    tap = Tap()
    long = [f"{f}:{n}" for f in files for n, line in enumerate((ROOT / f).read_text(errors="replace").split("\n"), 1) if len(line) > COLUMNS]
    tap.report(not long, f"no line is longer than {COLUMNS} columns", "\n".join(long))
    program = shutil.which("clang-format")
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout if program else "none"
    if not re.search(rf"version {VERSION}\.", version):
        tap.skip("the tree obeys .clang-format", f"this needs clang-format {VERSION}, not {version.strip()}")
        return tap.end()
    done = subprocess.run([program, "--dry-run", "-Werror", *files], cwd=ROOT, capture_output=True, text=True)
    wrong = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "clang-format-violations" in line})
    tap.report(done.returncode == 0, "the tree obeys .clang-format", "clang-format -i " + " ".join(wrong))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
