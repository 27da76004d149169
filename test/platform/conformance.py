#!/usr/bin/env python3
"""conformance.py PROGRAM...: hold a platform to its contract. PROGRAM is conformance.c, or what starts it."""

import os
import shlex
import subprocess
import sys

from tap import Tap


def run(*arguments, given=""):
    """The exit status, the output on PLATFORM_OUT, and the output on PLATFORM_OUT and PLATFORM_LOG together."""
    # For another processor, meson names the emulator.
    command = [*shlex.split(os.environ.get("MESON_EXE_WRAPPER", "")), *sys.argv[1:], *arguments]
    done = subprocess.run(command, input=given, timeout=300, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stdout + done.stderr


def main():
    tap = Tap()
    status, said, everything = run()
    lines = said.splitlines()
    checks = [line for line in lines if line.startswith(("ok ", "not ok "))]
    for line in checks:
        tap.report(line.startswith("ok "), line.split(" - ", 1)[1], everything)
    tap.report(len(checks) > 0 and f"1..{len(checks)}" in lines and status == 0, "and all was asked",
               f"status {status}\n{everything}")
    tap.report("deadlock" in everything, "the log is shown too", everything)

    status, said, _ = run("arguments", "--port=8080", "xyz", "--", "-1")
    words = "\n".join(said.splitlines()[1:])
    tap.equal("the command line is given word by word, and can be written to", words,
              "[arguments]\n[--port=8080]\n[Xyz]\n[--]\n[-1]\nand no more")

    for wanted in (0, 1, 2, 77, 255):
        tap.equal(f"the status is the program's: {wanted}", run("exit", str(wanted))[0], wanted)

    status, _, everything = run("panic")
    tap.report("before it\npanic: the test wants it\n" in everything, "a panic tells its reason, in the log",
               everything)
    tap.report(not 0 <= status <= 255, "and no program ends like that by itself", f"status {status}")

    status, said, everything = run("overflow")
    survived = "survived" in said.splitlines()
    if "guarded" in said.splitlines():
        tap.report(not survived and status != 0, "running below a guarded stack ends the program", everything)
    else:
        tap.report("not guarded" in said and survived, "what has no guard is said to have none", everything)

    (status, first, _), (_, second, _) = run("entropy"), run("entropy")
    again = not first.endswith("never again\n")
    tap.report(status == 0 and (first == second) == again,
               "runs that can be repeated draw the same" if again else "runs draw different random bytes",
               first + second)

    status, said, everything = run("input", given="typed\nand typed\n")
    tap.report(status == 0 and said == "reading\n" + ("" if again else "typed\nand typed\n"),
               "input is nobody's in a run that can be repeated" if again else "input is read, up to its end",
               everything)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
