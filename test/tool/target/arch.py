#!/usr/bin/env python3
"""arch.py MIRAGE WORK: --arch, and how programs for this processor and for another are started and debugged;
what is told when a cross compiler, an emulator or a debugger is missing. Prints TAP."""

import os
import platform
import shutil
import sys
from pathlib import Path

from tap import ROOT, Tap, mirage_environment, run

HERE = platform.machine()
OTHER = "x86_64" if HERE == "aarch64" else "aarch64"
TRIPLET = f"{OTHER}-linux-gnu"
CROSS = f"{TRIPLET}-gcc"
PACKAGE = f"gcc-{OTHER.replace('_', '-')}-linux-gnu"
HELLO = "hello\nworld\n" * 4


def only(work, name, *programs):
    """A folder for PATH with these programs of this machine."""
    folder = work / name
    folder.mkdir()
    for program in programs:
        (folder / program).symlink_to(shutil.which(program))
    return str(folder)


def refusals(tap, mirage, work, env):
    tap.equal("a processor that the target is not for", run([mirage, "build", "--arch=aarch65", "hello"], work, env),
              (1, "", "mirage: error: the target linux is not for the processor 'aarch65' (did you mean aarch64?); it is for: x86_64, aarch64\n"))
    tap.equal("a cross compiler that is missing", run([mirage, "build", "--cc=gcc", f"--arch={OTHER}", "hello"], work,
                                                      {**env, "PATH": only(work, "gcc-alone", "gcc")}),
              (1, "", f"mirage: error: there is no compiler '{CROSS}' in PATH; install the package {PACKAGE}\n"))
    name = "headers for Clang that are missing"
    headers = Path("/usr") / TRIPLET
    if shutil.which("clang") is None or os.geteuid() != 0:
        tap.skip(name, "this needs clang, and root, to hide them")
        return
    hidden = f'[ ! -d {headers} ] || mount -t tmpfs none {headers} || exit 77; exec "$@"'
    words = ["unshare", "-m", "sh", "-c", hidden, "sh", mirage, "build", "--cc=clang", f"--arch={OTHER}", "hello"]
    done = run(words, work, env)
    if done[0] == 77 or done[2].startswith("unshare:"):
        tap.skip(name, "this system lets nobody mount")
        return
    tap.equal(name, done, (1, "", f"mirage: error: there are no headers of {OTHER} in {headers}, which Clang builds with; "
                                  f"install the package {PACKAGE}\n"))


def this_processor(tap, mirage, work, env):
    tap.equal("this processor may be named", run([mirage, "build", f"--arch={HERE}", "hello"], work, env), (0, "hello/_build/linux/hello\n", ""))
    path = only(work, "no-debugger", "gcc", "ninja", "sh")
    tap.equal("a debugger that is missing", run([mirage, "run", "--debug", "hello"], work, {**env, "PATH": path}),
              (1, "", "mirage: error: debugging needs gdb; install the package gdb\n"))
    fake = Path(path) / "gdb"
    fake.write_text('#!/bin/sh\nprintf "[%s]" "$@"\n')
    fake.chmod(0o755)
    fibers, program = ROOT / "tool/gdb/mirage.py", work / "hello/_build/linux/hello"
    tap.equal("run --debug starts gdb with the commands for fibers", run([mirage, "run", "--debug", "hello", "--", "-x"], work, {**env, "PATH": path}),
              (0, f"[-q][-x][{fibers}][--args][{program}][-x]", ""))


def other_processor(tap, mirage, work, env):
    if shutil.which(CROSS) is None:
        tap.skip(f"programs for {OTHER}", f"{CROSS} is not installed")
        return
    built = f"hello/_build/linux-{OTHER}/hello"
    tap.equal("a build for another processor has a folder of its own", run([mirage, "build", f"--arch={OTHER}", "hello"], work, env), (0, built + "\n", ""))
    header = (work / built).read_bytes()[:20]
    tap.report(header[18] == {"aarch64": 183, "x86_64": 62}[OTHER], "and is for it", repr(header))
    tap.equal("the processor is remembered", run([mirage, "build", "hello"], work, env), (0, built + "\n", ""))
    tap.equal("but not for another target", run([mirage, "describe", "-t", "linux", "--json", "-o", "out.json", "hello"], work, env), (0, "", ""))
    tap.equal("a program for another processor is not debugged", run([mirage, "run", "--debug", "hello"], work, env),
              (1, "", f"mirage: error: a program for {OTHER} cannot be debugged here; debug it built for {HERE}\n"))
    config = work / "hello/config.c"
    written = config.read_text()
    config.write_text(written.replace("apply(hello,", 'apply(with_library(hello, "zlib"),'))
    status, out, err = run([mirage, "build", "hello"], work, env)
    if Path(f"/usr/lib/{TRIPLET}/pkgconfig/zlib.pc").exists():
        tap.skip("a system library that this processor alone has", f"zlib is installed for {OTHER}, too")
    else:
        tap.equal("a system library that this processor alone has", (status, out, err),
                  (1, "", f"hello/config.c:5: error: hello needs the system library 'zlib', which pkg-config does not find for {OTHER}; install its -dev package\n"))
    config.write_text(written)
    run([mirage, "build", "hello"], work, env)
    path = only(work, "no-emulator", "gcc", CROSS, "ninja", "sh")
    tap.equal("an emulator that is missing", run([mirage, "run", "hello"], work, {**env, "PATH": path}),
              (1, "", f"mirage: error: starting a program for {OTHER} needs qemu-{OTHER}; install the package qemu-user\n"))
    if shutil.which(f"qemu-{OTHER}") is None:
        tap.skip("run starts it", f"qemu-{OTHER} is not installed")
        return
    tap.equal("run starts it", run([mirage, "run", "hello"], work, env), (0, HELLO, ""))


def main():
    tap = Tap()
    mirage, work = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    shutil.copytree(ROOT / "examples/hello", work / "hello", ignore=shutil.ignore_patterns("_build"))
    env = {**mirage_environment(work), "CC": "gcc"}
    refusals(tap, mirage, work, env)
    this_processor(tap, mirage, work, env)
    other_processor(tap, mirage, work, env)
    shutil.rmtree(work)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
