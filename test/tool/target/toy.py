#!/usr/bin/env python3
"""toy.py COMPILER WORK: adds a target to a copy of the tree as docs/hacking.md says: a file of tool/target, a
folder of platform and a row. It is then in the lists, the help and the docs, and programs are built for it and
run, and the platform passes the conformance test. Prints TAP."""

import platform
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

from tap import ROOT, Tap, run, scratch_tree

TOY = Path(__file__).resolve().parent / "toy"
ROW = "target_names = [\n"
ABSENT = """#include <mirage/config.h>

void config(void)
{
    functor(JOB, STACK) app = foreign("app.c", JOB, STACK);
    register_job("app", apply(app, MODULE));
}
"""


def add_target(tree):
    shutil.copy(TOY / "target.c", tree / "tool/target/toy.c")
    shutil.copytree(TOY / "platform", tree / "platform/toy")
    rows = tree / "tool/target/meson.build"
    text = rows.read_text()
    end = text.index("]", text.index(ROW))
    rows.write_text(text[:end] + "  'toy',\n" + text[end:])


def documented(tap, tree, compiler, env):
    """The file that docs/hacking.md shows is C that the headers know."""
    page = (tree / "docs/hacking.md").read_text()
    shown = page[page.index("## Add a target"):].split("```c\n")[1].split("```")[0]
    (tree / "shown.c").write_text(textwrap.dedent(shown))
    words = [compiler, "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-Itool", "-I.", "shown.c"]
    done = subprocess.run(words, cwd=tree, env=env, timeout=1200, capture_output=True, text=True)
    tap.report(done.returncode == 0 and "target_toy" in shown, "what docs/hacking.md shows compiles", done.stderr)


def is_told(tap, mirage, work, env):
    def said(*words):
        status, out, err = run([mirage, *words], work, env)
        return out if status == 0 else err

    line = "toy       a process that a test adds to a copy of the tree (x86_64, aarch64)\n"
    tap.report(line in said("targets"), "mirage targets lists it", said("targets"))
    tap.report(said("targets").startswith("linux"), "and the default is still the first")
    tap.report("The targets are: linux, sim, toy." in said("help"), "mirage help names it", said("help"))
    tap.report(line in said("help", "targets"), "mirage help targets lists it", said("help", "targets"))
    said("help", "--markdown", "pages")
    commands, modules = ((work / "pages" / name).read_text() for name in ("commands.md", "modules.md"))
    tap.report("| `toy` | a process that a test adds to a copy of the tree | x86_64, aarch64 |" in commands, "the page of commands has it")
    tap.report("on the targets linux, toy" in modules, "the page of modules says what it has", modules)
    tap.report("`direct` on toy" in modules, "and the defaults of keys on it", modules)
    said("help", "--man", "manual")
    tap.report(".B toy\n" in (work / "manual/mirage.1").read_text(), "so does the manual")
    said("help", "--completion", "shell")
    tap.report(" toy" in (work / "shell/mirage.bash").read_text(), "so does completion")


def builds(tap, mirage, work, env):
    app = work / "hello"
    shutil.copytree(ROOT / "examples/hello", app, ignore=shutil.ignore_patterns("_build"))
    status, out, err = run([mirage, "build", "-t", "toy", "hello"], work, env)
    tap.equal("hello builds, and the last step's file is the program", (status, out, err), (0, "hello/_build/toy/hello.toy\n", ""))
    first = "toy: {}, placed by the target's script, {}\n"
    hello = "hello\nworld\n" * 4
    tap.equal("it runs, its file by itself", run([app / "_build/toy/hello.toy"], work, env), (0, hello, first.format("no word", "started by hand")))
    tap.equal("mirage run starts it as the target says, with the target's arguments", run([mirage, "run", "hello", "--", "--toy-word=yes"], work, env),
              (0, hello, first.format("yes", "started as a toy is")))
    status, out, err = run([app / "_build/toy/hello.toy", "--help"], work, env)
    tap.report(status == 0 and "--toy-word" in out, "its runtime argument is in --help", out + err)
    tap.report((app / "_build/toy/hello.stripped").is_file(), "each step's file is kept")
    path = work / "path"
    path.mkdir()
    (path / "gdb").write_text('#!/bin/sh\nfor word; do last=$word; done\necho "$last"\n')
    (path / "gdb").chmod(0o755)
    tap.equal("what is debugged has its symbols", run([mirage, "run", "--debug", "hello"], work, {**env, "PATH": f"{path}:{env['PATH']}"}),
              (0, f"{app}/_build/toy/hello\n", ""))
    links = (app / "_build/toy/build.ninja").read_text()
    tap.report("-Wl,--build-id=none" in links and not any(flag in links for flag in ("relro", "gc-sections", "-lm")),
               "a target that names its link flags is linked with these alone", links)
    status, out, err = run([mirage, "build", "-t", "sim", "hello"], work, env)
    links = (app / "_build/sim/build.ninja").read_text() if status == 0 else out + err
    tap.report(all(flag in links for flag in ("-z,relro,-z,now", "--gc-sections", "--as-needed,-lm")),
               "and one that names none as a process is", links)
    run([mirage, "build", "-t", "toy", "hello"], work, env)
    script = work.parent / "tree/platform/toy/toy.ld"
    before = (app / "_build/toy/hello").stat().st_mtime_ns
    script.write_text(script.read_text() + "\n")
    run([mirage, "build", "hello"], work, env)
    tap.report((app / "_build/toy/hello").stat().st_mtime_ns > before, "a changed linker script links again")
    source, header = work.parent / "tree/platform/toy/toy.c", work.parent / "tree/base/prng/prng.h"
    source.write_text(source.read_text().replace('"no word"', '"another word"'))
    run([mirage, "build", "hello"], work, env)
    tap.equal("a changed source of the platform is compiled again", run([app / "_build/toy/hello.toy"], work, env),
              (0, hello, first.format("another word", "started by hand")))
    was = header.read_text()
    header.write_text(was + '#error "the header was seen"\n')
    status, out, err = run([mirage, "build", "hello"], work, env)
    tap.report(status == 1 and "does not compile with" in err and "the header was seen" in err, "so is what includes a changed header", err)
    status, out, err = run([mirage, "build", "hello"], work, env)
    tap.report(status == 1 and "the header was seen" in err, "and again until it compiles", err)
    header.write_text(was)
    tap.equal("as it does when the header is mended", run([mirage, "build", "hello"], work, env), (0, "hello/_build/toy/hello.toy\n", ""))
    status, out, err = run([mirage, "describe", "--json", "hello"], work, env)
    tap.report(status == 0 and '"target": "toy"' in out, "describe says what it is for", out + err)


def conforms(tap, tree, compiler, env):
    """test/platform's program, linked with the platform as the target's file says."""
    sources = [*tree.glob("runtime/*.c"), *tree.glob("platform/toy/*.c"), *tree.glob("platform/posix/*.c"),
               *tree.glob(f"platform/arch/{platform.machine()}/*.S"), tree / "test/platform/conformance.c"]
    flags = ["-std=gnu17", "-D_GNU_SOURCE", "-Ulinux", "-Uunix", "-fno-strict-aliasing", "-g", "-DTOY=1", "-Iinclude", "-I."]
    program = tree / "build/conformance"
    done = subprocess.run([compiler, *flags, *sources, "build/base/libmirage_base.a", "-Tplatform/toy/toy.ld", "-o", program],
                          cwd=tree, env=env, timeout=1200, capture_output=True, text=True)
    tap.report(done.returncode == 0, "the platform links with the conformance test", done.stderr)
    done = subprocess.run([tree / "test/platform/conformance.py", program], env=env, timeout=1200, capture_output=True, text=True)
    tap.report(done.returncode == 0 and "not ok" not in done.stdout, "and passes it", done.stdout + done.stderr)


def lacks(tap, mirage, work, env):
    app = work / "app"
    app.mkdir()
    (app / "app.c").write_text("#include <mirage/functor.h>\n\nPARAM(STACK, stack);\nMODULE(JOB, app);\n\n"
                               "IO err app_start(struct stack *stack)\n{\n    (void)stack;\n    return OK;\n}\n")
    for module, said in (("socket_stack()", "socket_stack() is a module of the target linux alone, and this program is for toy"),
                         ("generic_stack(default_network())", "default_network() is a module of the targets linux and sim alone, and this program is for toy"),
                         ('generic_stack(pcap(vnet_port(vnet(), "a"), "a.pcap"))', "default_sink() is a module of the targets linux and sim alone, and this program is for toy")):
        (app / "config.c").write_text(ABSENT.replace("MODULE", module))
        tap.equal(f"{module} is absent, and the user's line is told", run([mirage, "build", "-t", "toy", "app"], work, env),
                  (1, "", f"app/config.c:6: error: {said}\n"))


def main():
    tap = Tap()
    compiler, work = sys.argv[1:3]
    scratch = scratch_tree(compiler, work)
    if scratch is None:
        return 0
    tree, apps, env = scratch
    add_target(tree)
    for words in (["meson", "setup", "build"], ["ninja", "-C", "build", "tool/mirage", "tool/libmirage-config.so", "tool/crunch/mirage-crunch",
                   "base/libmirage_base.a"]):
        done = subprocess.run(words, cwd=tree, env=env, stdin=subprocess.DEVNULL, timeout=1200, capture_output=True, text=True)
        if done.returncode != 0:
            tap.report(False, "the tree with another target builds", done.stdout[-3000:] + done.stderr)
            return tap.end()
    tap.report(True, "the tree with another target builds")
    mirage = tree / "build/tool/mirage"
    documented(tap, tree, compiler, env)
    is_told(tap, mirage, apps, env)
    builds(tap, mirage, apps, env)
    lacks(tap, mirage, apps, env)
    conforms(tap, tree, compiler, env)
    shutil.rmtree(work)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
