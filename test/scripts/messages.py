#!/usr/bin/env python3
"""Tests the messages of demo.sh and test.sh about their options and about missing packages.

They run in a folder that holds only them, with commands of the test's own in PATH, so nothing is installed or built.
"""

import os
import shutil
import socket
import sys
from pathlib import Path

from tap import ROOT, Tap, run

NEEDED = ("bash", "dirname", "mktemp", "sed", "tail", "cat", "rm", "grep", "mkdir", "touch", "sh")
LACKS_TWO = 'for p; do case $p in -*|\'$\'*) ;; meson|ninja-build) ;; *) echo "$p installed";; esac; done; exit 1'
HAS_ALL = 'for p; do case $p in -*|\'$\'*) ;; *) echo "$p installed";; esac; done'
INSTALL = "apt-get install --no-install-recommends meson ninja-build"


class Machine:
    """A folder with the scripts, and a PATH of the test's own."""

    def __init__(self, work):
        shutil.rmtree(work, ignore_errors=True)
        self.folder, self.bin = work / "mirage", work / "bin"
        self.bin.mkdir(parents=True)
        shutil.copytree(ROOT / "scripts", self.folder / "scripts")
        for script in ("demo.sh", "test.sh"):
            shutil.copy(ROOT / script, self.folder)
        for name in NEEDED:
            (self.bin / name).symlink_to(shutil.which(name))
        self.has("apt-cache", "true")

    def has(self, name, script):
        path = self.folder / name if "/" in name else self.bin / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def runs(self, *words):
        return run([str(self.folder / words[0]), *words[1:]], self.folder, {"PATH": str(self.bin), "TMPDIR": os.environ.get("TMPDIR", "/tmp")})


def options(tap, m):
    for script in ("demo.sh", "test.sh"):
        for word in ("--help", "-h"):
            status, out, err = m.runs(script, word)
            tap.report(status == 0 and out.startswith(f"Usage: ./{script}") and err == "", f"{script} {word}", out + err)
    tap.equal("test.sh --help behind other words", m.runs("test.sh", "--suite", "tool", "--help")[0], 0)
    tap.equal("test.sh --typo", m.runs("test.sh", "--typo"),
              (1, "", "test.sh has no option --typo; `./test.sh --help` lists the options\n"))
    tap.equal("test.sh --suite", m.runs("test.sh", "--suite"),
              (1, "", "--suite wants a name: --suite NAME; `./test.sh --help` lists the options\n"))
    for words in (["--port=0"], ["--port", "65536"], ["--port=080"], ["--port="], ["--port"], ["--port=8080x"]):
        value = words[1] if len(words) > 1 else words[0].partition("=")[2]
        tap.equal(f"demo.sh {' '.join(words)}", m.runs("demo.sh", *words),
                  (1, "", f"--port wants a number from 1 to 65535, not '{value}'.\n"))
    status, out, err = m.runs("demo.sh", "--prot=8080")
    tap.report(status == 1 and out == "" and err.startswith("demo.sh has no option --prot=8080. Usage:"), "demo.sh --prot", out + err)


def packages(tap, m):
    status, out, err = m.runs("demo.sh")
    tap.report(status == 1 and err.startswith("This is neither Debian nor Ubuntu: install ") and err.count("\n") == 1,
               "neither Debian nor Ubuntu", err)
    m.has("dpkg-query", LACKS_TWO)
    m.has("id", "echo 1000")
    m.has("apt-get", "echo 'it was run'; exit 1")
    for script in ("demo.sh", "test.sh"):
        tap.equal(f"{script} without root", m.runs(script),
                  (1, "", f"These packages are missing: meson ninja-build; install them with: sudo {INSTALL}\n"))
    m.has("id", "echo 0")
    m.has("apt-get", "echo 'E: Could not resolve deb.debian.org'; exit 100")
    for script in ("demo.sh", "test.sh"):
        tap.equal(f"{script} without a network", m.runs(script),
                  (1, "", "Installing meson ninja-build\nE: Could not resolve deb.debian.org\n"
                          f"These packages are missing and could not be installed: meson ninja-build; with a network, install them with: {INSTALL}\n"))
    m.has("apt-get", 'echo "$@" >> installed')
    m.has("meson", "echo 'no compiler'; exit 1")
    tap.equal("demo.sh installs what is missing; then the build fails", m.runs("demo.sh"),
              (1, "", "Installing meson ninja-build\nBuilding mirage into build/ for the first time.\nno compiler\n"
                      "mirage could not be built; the messages above say why.\n"))
    tap.equal("with apt-get", (m.folder / "installed").read_text(),
              "update\ninstall -y --no-install-recommends meson ninja-build\n")


def serving(tap, m):
    m.has("dpkg-query", HAS_ALL)
    m.has("ninja", "true")
    (m.folder / "build").mkdir(exist_ok=True)
    (m.folder / "build" / "build.ninja").touch()
    m.has("build/tool/mirage", 'echo "$@"')
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = m.runs("demo.sh", "--port", str(port))
    tap.report(said[0] == 1 and said[1] == "" and said[2].startswith(f"Port {port} is taken by another program; choose another one: ./demo.sh --port ")
               and said[2].count("\n") == 1, "a port that is taken", str(said))
    tap.equal("a port that is free", m.runs("demo.sh", f"--port={port}"), 
              (0, f"run examples/website -- --port={port}\n", f"The site is at http://localhost:{port}/ until Ctrl-C.\n"))


def main():
    tap = Tap()
    machine = Machine(Path(sys.argv[1]).resolve())
    for part in (options, packages, serving):
        part(tap, machine)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
