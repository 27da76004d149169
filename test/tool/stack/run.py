#!/usr/bin/env python3
"""run.py MIRAGE WORK: a local that is larger than a fiber's stack and its guard ends the program, with the fiber's name, whatever
compiler, mode and processor it is built for. Prints TAP."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tap import Tap, mirage_environment, run

HERE = Path(__file__).resolve().parent
ARM = ["--arch=aarch64"]
VARIANTS = {
    "GCC": (["--cc=gcc"], []),
    "GCC, --release": (["--cc=gcc", "--release"], []),
    "Clang": (["--cc=clang"], []),
    "Clang, --release": (["--cc=clang", "--release"], []),
    "GCC for aarch64": (["--cc=gcc", *ARM], ["aarch64-linux-gnu-gcc", "qemu-aarch64"]),
    "Clang for aarch64": (["--cc=clang", *ARM], ["aarch64-linux-gnu-gcc", "qemu-aarch64"]),
}
SAID = "fiber takes_much overflowed its stack of 65536 bytes; see os_set_stack_size\n"


def main():
    tap = Tap()
    mirage, work = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    shutil.copytree(HERE / "app", work / "app", ignore=shutil.ignore_patterns("_build"))
    env = mirage_environment(work)
    for name, (options, needed) in VARIANTS.items():
        missing = [program for program in [*needed, options[0].split("=")[1]] if shutil.which(program) is None]
        if missing:
            tap.skip(name, f"{' and '.join(missing)} is not installed")
            continue
        mode = [] if "--release" in options else ["--development"]
        status, out, err = run([mirage, "build", *options, *mode, *([] if needed else [f"--arch={os.uname().machine}"]), "app"], work, env)
        if status != 0:
            tap.report(False, name, err)
            continue
        emulator = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"] if needed else []
        done = subprocess.run([*emulator, work / out.strip()], cwd=work, capture_output=True, text=True, timeout=120)
        tap.report(done.returncode in (-signal.SIGSEGV, 128 + signal.SIGSEGV) and SAID in done.stderr, f"{name}: no local jumps over a guard",
                   f"status {done.returncode}\n{done.stdout}{done.stderr}")
    shutil.rmtree(work)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
