#!/usr/bin/env python3
"""conformance.py PROGRAM...: hold a platform to its contract. PROGRAM is conformance.c, or what starts it."""

import itertools
import os
import pty
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tap import Tap


def command_of(*arguments):
    # For another processor, meson names the emulator.
    return [*shlex.split(os.environ.get("MESON_EXE_WRAPPER", "")), *sys.argv[1:], *arguments]


def run(*arguments, given=""):
    """The exit status, the output on PLATFORM_OUT, and the output on PLATFORM_OUT and PLATFORM_LOG together."""
    command = command_of(*arguments)
    done = subprocess.run(command, input=given, timeout=300, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stdout + done.stderr


def closed_descriptors(tap):
    """What is opened first must not take the number of a standard descriptor that is closed."""
    for numbers in itertools.chain.from_iterable(itertools.combinations(range(3), n) for n in range(1, 4)):
        with tempfile.NamedTemporaryFile() as disk:
            disk.write(b"a disk" * 100)
            disk.flush()
            closing = "".join(f" {n}>&-" for n in numbers)
            done = subprocess.run(["sh", "-c", f'exec "$@"{closing}', "sh", *command_of("disk", disk.name)], timeout=300,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            said = "" if 1 in numbers else "output\n"
            tap.report(done.returncode == 0 and said in done.stdout and Path(disk.name).read_bytes() == b"a disk" * 100,
                       f"with the descriptors {numbers} closed, nothing is written into a disk",
                       f"status {done.returncode}, {Path(disk.name).read_bytes()[:40]}\n{done.stdout}{done.stderr}")


def full(tap):
    with open("/dev/full", "wb") as nowhere, tempfile.NamedTemporaryFile() as disk:
        for name in ("stdout", "stderr"):
            done = subprocess.run(command_of("disk", disk.name), timeout=300, **{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, name: nowhere})
            tap.equal(f"a full {name} does not end the program", done.returncode, 0)


def stalled(tap, kind, stream, reads):
    """A reader that takes nothing costs lines and nothing else; one that comes late is told how many."""
    if kind == "pipe":
        ours, theirs = os.pipe()
    elif kind == "socket":
        ours, theirs = (end.detach() for end in socket.socketpair())
    else:
        ours, theirs = pty.openpty()
    other = subprocess.PIPE
    streams = {"stdout": other, "stderr": theirs} if stream == "log" else {"stdout": theirs, "stderr": other}
    name = f"{'the log' if stream == 'log' else 'output'} into a {kind} that nobody reads"
    with subprocess.Popen(command_of("talk", stream), **streams) as process:
        os.close(theirs)
        timer = threading.Timer(60, process.kill)
        timer.start()
        got = b""
        try:
            heard = process.stdout if stream == "log" else process.stderr
            tap.report(b"served" in next((line for line in heard if b"served" in line), b""), f"{name} does not stop the loop")
            if reads:
                while b" writes\n" not in got and (more := os.read(ours, 4096)):
                    got += more
            process.send_signal(signal.SIGTERM)
            status = process.wait()
        finally:
            timer.cancel()
        tap.equal("and not SIGTERM either", status, 0)
        if reads:
            lines = got.replace(b"\r\n", b"\n").split(b"\n")[:-1]
            whole = sum(line == b"x" * 99 for line in lines)
            told = [int(line.split()[-2]) for line in lines if line.endswith(b" writes")] or [0]
            tap.report(whole + told[0] == 20000, "and what was lost is told in the end", f"{whole} whole, {told} told")
    os.close(ours)


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

    closed_descriptors(tap)
    full(tap)
    # In a run that can be repeated, time stands still while the program writes: it waits, and is killed.
    if not again:
        for kind in ("pipe", "socket", "terminal"):
            stalled(tap, kind, "log", reads=False)
        stalled(tap, "pipe", "out", reads=False)
        stalled(tap, "pipe", "log", reads=True)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
