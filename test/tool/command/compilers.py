#!/usr/bin/env python3
"""What the command compiles with, and where it keeps what is compiled."""

import json
import sys

from session import play
from tap import run


def compilers(s):
    """A compiler behind a launcher, as in CC="ccache gcc", with flags of its own, and for another processor."""
    s.mirage_does("new", "launched")
    app = s.work / "launched"
    for cc in ("env gcc", " nice\tclang  -O1"):
        s.tap.equal(f"CC={cc!r}", s.mirage_does("run", "launched", CC=cc), (0, "hello\n", ""))
        commands = json.loads((app / "compile_commands.json").read_text())
        s.tap.equal("in compile_commands.json", {tuple(c["arguments"][:2]) for c in commands}, {tuple(cc.split()[:2])})
    s.says("--cc takes as much", ["run", "launched", "--cc=env gcc", "--release"], 0, "hello\n", "")
    s.says("for another processor, its compiler is found by the name of GCC", ["build", "launched", "--arch=aarch64", "--cc=env gcc"], 0,
           "launched/_build/linux-aarch64-release/launched\n", "")
    s.says("a launcher that isn't there", ["build", "launched", "--cc=ccach9 gcc"], 1, "",
           "mirage: error: there is no compiler 'ccach9' in PATH; install it, or name another one with --cc=gcc or --cc=clang\n")
    s.says("no word at all", ["build", "launched", "--cc= "], 1, "",
           "mirage: error: there is no compiler ' ' in PATH; install it, or name another one with --cc=gcc or --cc=clang\n")


def flags(s):
    """Flags of the user's: for what is compiled, for what reads the sources, and refused with a sentence."""
    s.mirage_does("new", "flagged")
    app = s.work / "flagged"
    (s.work / "own").mkdir()
    (s.work / "own" / "own.h").write_text("#define OWN WORD\n")
    source = (app / "unikernel.c").read_text()
    (app / "unikernel.c").write_text(source.replace("#include <mirage/functor.h>\n", "#include <mirage/functor.h>\n\n#include <own.h>\n").replace(
        "console_log(console, greeting)", "console_log(console, OWN)"))
    given = "-Iown -DWORD=greeting -O0"
    s.says("--cflags", ["run", "flagged", f"--cflags={given}"], 0, "hello\n", "")
    ninja = (app / "_build" / "linux" / "build.ninja").read_text()
    s.tap.report(" -O0" in ninja and ninja.index("-Og") < ninja.index("-O0"), "come after the tool's own", ninja[:600])
    s.says("are remembered", ["run", "flagged"], 0, "hello\n", "")
    s.says("unless others are given", ["run", "flagged", "--cflags="], 1, "",
           "flagged/unikernel.c:3:10: error: own.h: No such file or directory\n")
    s.mirage_does("clean", "flagged")
    s.tap.equal("CFLAGS", s.mirage_does("run", "flagged", CFLAGS="-I own -D WORD=greeting"), (0, "hello\n", ""))
    s.tap.equal("--cflags instead of CFLAGS", s.mirage_does("run", "flagged", f"--cflags={given}", CFLAGS="-Wrong"), (0, "hello\n", ""))
    status, out, err = s.mirage_does("build", "flagged", "--cc=gcc", "--cflags=-fno-such-thing")
    s.tap.report(status == 1 and err.count("\n") == 1 and err.startswith(
        "mirage: error: gcc does not compile with the flags '-fno-such-thing': gcc: error: unrecognized command-line option "),
        "flags that the compiler doesn't know", err)
    status, _, err = s.mirage_does("build", "flagged", f"--cflags={given}", LDFLAGS="-Wl,--no-such-thing")
    s.tap.report(status == 1 and "no-such-thing" in err, "LDFLAGS reach the linker", err)


def cache_folders(s):
    """Objects are kept where that is possible, and never where anybody can put others."""
    s.mirage_does("new", "homeless")
    objects = s.work / "homeless" / "_build" / "cache"
    for name, changes, said in (("no home", {"HOME": None}, "HOME is not set"),
                                ("a home that can't be written", {"HOME": "/proc/self"}, "HOME is /proc/self"),
                                ("nor a cache", {"XDG_CACHE_HOME": "/dev/null"}, "XDG_CACHE_HOME is /dev/null")):
        env = {**s.env, "XDG_CACHE_HOME": "", **changes}
        got = run([s.mirage, "run", "homeless"], s.work, {k: v for k, v in env.items() if v is not None})
        s.tap.equal(name, got, (0, "hello\n", f"mirage: warning: {said}, where no cache can be kept: the runtime is compiled into "
                                "homeless/_build/cache; set XDG_CACHE_HOME to a folder that can be written\n"))
        s.tap.report(any(objects.glob("runtime-*")), "what is compiled is beside what is built", str(list(objects.iterdir())))
        s.mirage_does("clean", "homeless")


if __name__ == "__main__":
    sys.exit(play((compilers, flags, cache_folders)))
