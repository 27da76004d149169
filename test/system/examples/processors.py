#!/usr/bin/env python3
"""processors.py MIRAGE SOURCE WORK: every example built for 64-bit ARM, with GCC and with Clang, and those that need no
network of their own run under qemu-aarch64; the website answers curl."""

import shutil
import sys
from pathlib import Path

import run as examples
from tap import Tap

NEEDED = {"aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu", "qemu-aarch64": "qemu-user", "clang": "clang", "ld.lld": "lld"}
ARM = ["--arch=aarch64", "--sanitize=none"]
VARIANTS = {
    "for aarch64": ["--development", "--cc=gcc", *ARM],
    "for aarch64 with Clang": ["--development", "--cc=clang", *ARM],
    "for aarch64, --release": ["--release", "--cc=gcc", *ARM],
    "for aarch64, --release with Clang": ["--release", "--cc=clang", *ARM],
}
# Link-time optimisation takes most of the time: of it one small program and one large.
RELEASED = ("hello", "website")


class Emulated(examples.Examples):
    """The examples, whose programs run under the emulator."""

    def command(self, program):
        return ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", str(program)]

    def machine(self, name, variant, program):
        head = program.read_bytes()[:20]
        self.tap.equal(f"{name} {variant} is a program for it", (head[:4], head[18]), (b"\x7fELF", 183))


def every_example(s):
    for name in sorted(entry.name for entry in (s.source / "examples").iterdir() if (entry / "config.c").is_file()):
        s.copy(name)
        for variant in VARIANTS:
            if "--release" in variant and name not in RELEASED:
                continue
            program = s.build(name, variant)
            if program is None:
                continue
            s.machine(name, variant, program)
            # Its addresses are asked of the kernel in a way that the emulator knows little of.
            if name in examples.PLAIN and name != "app-info":
                got, expected = examples.PLAIN[name](s, program)
                s.tap.equal(f"{name} {variant} does what it says", got, expected)
            elif name == "website":
                serve(s, variant, program)


def serve(s, variant, program):
    server = examples.Server(s, program)
    s.tap.report(server.port is not None, f"website {variant} serves", server.said())
    if server.port is not None:
        site = examples.Site(s, server)
        examples.variants_of_a_page(site, "/one.html")
        examples.errors(site)
    server.stop(f"website {variant} ends when it is asked to")


def run_by_the_command(s):
    """`mirage run` starts it under the emulator, by the choice that is remembered."""
    done = examples.run([s.mirage, "run", "examples/hello", *VARIANTS["for aarch64"], "--", "--repeats=1"], s.work, s.env)
    s.tap.equal("mirage run --arch=aarch64", done, (0, "hello\nworld\n", ""))
    done = examples.run([s.mirage, "run", "examples/hello", "--", "--repeats=1"], s.work, s.env)
    s.tap.equal("mirage run of what was built for aarch64", done, (0, "hello\nworld\n", ""))


def main():
    mirage, source, work = (Path(word).resolve() for word in sys.argv[1:4])
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    shutil.copytree(Path(__file__).resolve().parent / "docs", work / "docs")
    tap = Tap()
    missing = [package for program, package in NEEDED.items() if shutil.which(program) is None]
    if missing:
        tap.skip("examples for aarch64", f"these packages are missing: {' '.join(missing)}")
        sys.exit(tap.end())
    examples.VARIANTS.update(VARIANTS)
    s = Emulated(tap, mirage, source, work)
    every_example(s)
    run_by_the_command(s)
    sys.exit(tap.end())


if __name__ == "__main__":
    main()
