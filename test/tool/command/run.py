#!/usr/bin/env python3
"""The mirage command as a user meets it: what each command does, prints, refuses and returns."""

import json
import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

from session import play
from tap import ROOT, run


def refusals(s):
    commands = "new, configure, build, run, test, describe, unit, clean, targets, help"
    s.says("an unknown command", ["biuld"], 2, "",
           f"mirage: error: there is no command 'biuld' (did you mean build?); the commands are: {commands}\n")
    with open("/dev/full", "w") as full:
        done = subprocess.run([s.mirage, "--help"], stdout=full, stderr=subprocess.PIPE, env=s.env, text=True)
    s.tap.equal("a full disk is told", (done.returncode, done.stderr),
                (1, "mirage: error: cannot write to the standard output: No space left on device\n"))
    s.says("an unknown option", ["describe", "--dott=1", "app"], 1, "",
           "app/config.c: error: there is no such file; `mirage new NAME` begins an application, "
           "and `mirage build FOLDER` builds the one in FOLDER\n".replace("app/config.c", "app")
           .replace("there is no such file; `mirage new NAME` begins an application, and `mirage build FOLDER` builds "
                    "the one in FOLDER", "there is no such folder"))
    s.says("an option of another command", ["clean", "--release"], 2, "",
           "mirage: error: mirage clean has no option --release; `mirage clean --help` lists them\n")
    s.says("an argument too many", ["targets", "x"], 2, "",
           "mirage: error: 'x' is one argument too many; the usage is: mirage targets\n")
    s.says("no name for a new application", ["new"], 2, "",
           "mirage: error: the application needs a name; the usage is: mirage new NAME\n")
    lists = "; `mirage build --help` lists the options\n"
    for words, said in ((["-x"], "mirage build has no option -x"), (["-t"], "-t wants a value: -t TARGET"),
                        (["--sanitize"], "--sanitize wants a value: --sanitize=LIST"), (["--release=1"], "--release takes no value")):
        s.says(f"build {words[0]}", ["build", *words], 2, "", f"mirage: error: {said}{lists}")
    s.says("a word of C as a name", ["new", "default"], 2, "",
           "mirage: error: 'default' cannot be an application's name: its functor is named so in C, where 'default' has a meaning already\n")
    s.says("a name that is none", ["new", "7up"], 2, "",
           "mirage: error: '7up' cannot be an application's name: its functor is named so in C, and '7up' is no C identifier\n")
    for name, why in (("_x", "its job is named so, and a job's name begins with a letter"),
                      ("NULL", "its functor is named so in C, where names in capitals are those of signatures and macros"),
                      ("-x", "its job is named so, and a job's name begins with a letter"),
                      ("register_job", "its functor is named so in C, where 'register_job' has a meaning already"),
                      ("h\u00e4", "its functor is named so in C, and 'h\u00e4' is no C identifier")):
        s.says(f"{name} as a name", ["new", "--", name], 2, "", f"mirage: error: '{name}' cannot be an application's name: {why}\n")
    s.says("what follows -- is a word", ["clean", "--", "--json"], 1, "",
           "--json: error: this folder holds no config.c, so there is nothing of mirage's to remove\n")
    status, out, err = s.mirage_does()
    s.tap.report(status == 2 and out == "" and err.startswith("Usage: mirage COMMAND"), "no command: the overview, and status 2", err)


def units(s):
    """What a unit test of a functor compiles: its files, its keys, its parameters' names."""
    folder = s.work / "unit"
    (folder / "counter").mkdir(parents=True)
    (folder / "counter" / "counter.c").write_text(
        '#include <mirage/functor.h>\n\nPARAM(CONSOLE, console);\nMODULE(JOB, counter);\n\n'
        'KEY_INT(limit, 3, 1, 9, "");\nKEY_BOOL(loud, false, "");\nKEY_STRINGS(words, "a", "b");\n\n'
        'IO err counter_start(struct console *console)\n{\n    (void)key_limit, (void)key_loud, (void)key_words;\n'
        '    return console_log(console, more());\n}\n')
    (folder / "counter" / "a.c").write_text('static const char *more(void)\n{\n    return "more";\n}\n')
    does = lambda *words: s.mirage_does("unit", *words, cwd=folder)
    status, out, err = does("counter")
    lines = out.splitlines()
    s.tap.report(status == 0 and [line for line in lines if "MIRAGE_KEY" in line or "counter/" in line and "include" in line] == [
        "#define MIRAGE_KEY_limit 3", "#define MIRAGE_KEY_loud false", '#define MIRAGE_KEY_words "a", "b",',
        f'#include "{folder.resolve()}/counter/a.c"', f'#include "{folder.resolve()}/counter/counter.c"'],
        "a unit is the functor's files, with its keys", out + err)
    s.tap.report("redefine_extname" not in out, "whose names are its own", out)
    status, out, err = does("counter", "--set=limit=9", "--set", "words=x,y", "--bind=console=test", "--name=first",
                            "-o", "made.c", "--depfile=made.d")
    made = (folder / "made.c").read_text() if (folder / "made.c").exists() else ""
    s.tap.report((status, out, err) == (0, "", "") and all(f"{line}\n" in made for line in (
        "#define MIRAGE_INSTANCE first", "#define MIRAGE_KEY_limit 9", '#define MIRAGE_KEY_words "x", "y",',
        "#pragma redefine_extname console_log test_log", "#pragma redefine_extname counter_start first_start")),
        "keys and names are chosen", f"{err}{made}")
    s.tap.report((folder / "made.d").read_text().startswith("made.c:") and "counter/a.c" in (folder / "made.d").read_text(),
                 "and what it was made from is told")
    play = folder / "play.c"
    play.write_text('#include "made.c"\n#include <stdio.h>\nstruct console { int n; };\n'
                    'err console_log(struct console *c, const char *line)\n{\n    printf("%d %s %d\\n", c->n, line, (int)key_limit);\n    return 0;\n}\n'
                    'int main(void)\n{\n    return counter_start(&(struct console){ 7 });\n}\n')
    flags = ["-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}", f"-I{ROOT}"]
    built = run(["cc", *flags, str(play), "-o", str(folder / "play")], folder, s.env)
    s.tap.equal("a program that plays its parameter runs it", built if built[0] else run([str(folder / "play")], folder, s.env),
                (0, "7 more 9\n", ""))
    for name, words, said in (
            ("an unknown key", ["--set=lmit=1"], "counter has no key 'lmit'; its keys are: limit, loud, words"),
            ("a key that is no number", ["--set=limit=many"], "the key 'limit' of counter is a whole number, not 'many'"),
            ("a key that is neither true nor false", ["--set=loud=1"], "the key 'loud' of counter is true or false, not '1'"),
            ("a key without a value", ["--set=limit"], "--set=limit is not of the form --set=KEY=VALUE"),
            ("an unknown parameter", ["--bind=consle=test"], "counter has no parameter 'consle'; its parameters are: console")):
        s.tap.equal(name, does("counter", *words), (1, "", f"mirage: error: {said}\n"))
    for module, words, said in (
            ("udp", ["--set=queue_max=100"], "queue_max of 'udp' is 100; a queue has a power of two of places"),
            ("tcp", ["--set=port_first=50000", "--set=port_last=40000"],
             "port_first of 'tcp' is 50000, and port_last is 40000; port_first is not above port_last")):
        s.tap.equal(f"a rule of {module}'s keys", does(str(ROOT / "lib" / module), *words), (1, "", f"mirage: error: {said}\n"))
    s.tap.equal("no source", does(), (2, "", "mirage: error: name the functor's file or folder; the usage is: mirage unit SOURCE\n"))
    s.tap.equal("a source that is not there", does("nothing"), (1, "", "nothing: error: there is no such file\n"))
    s.tap.equal("a depfile of nothing", does("counter", "--depfile=x.d"),
                (2, "", "mirage: error: --depfile=x.d is about a file; name that file with -o\n"))


def help_texts(s):
    status, out, err = s.mirage_does("--version")
    s.tap.report(status == 0 and out.startswith("mirage ") and err == "", "--version", out + err)
    status, overview, err = s.mirage_does("--help")
    commands = [line.split()[0] for line in overview.splitlines() if line.startswith("  ")]
    s.tap.report(status == 0 and "build" in commands and err == "", "--help lists the commands", overview + err)
    for command in commands:
        asked = s.mirage_does(command, "--help")
        s.tap.report(asked[0] == 0 and asked[1].startswith(f"Usage: mirage {command}") and asked[2] == ""
                     and max(map(len, asked[1].splitlines())) <= 110, f"mirage {command} --help", str(asked))
        s.tap.equal(f"mirage help {command} says the same", s.mirage_does("help", command), asked)


def life_of_an_application(s):
    s.says("new", ["new", "greeter"], 0, "greeter is made; start it with: mirage run greeter\n", "")
    s.says("new does not overwrite", ["new", "greeter"], 1, "",
           "greeter: error: this exists already; choose another name, or remove it first\n")
    app = s.work / "greeter"
    s.says("run configures, builds and runs", ["run", "greeter"], 0, "hello\n", "")
    s.says("arguments behind -- are the program's", ["run", "greeter", "--", "--greeting=good day"], 0, "good day\n", "")
    status, out, _ = s.mirage_does("run", "greeter", "--", "--help")
    s.tap.report(status == 0 and "--greeting=" in out and "what to say" in out, "the program's --help lists its arguments", out)
    status, _, err = s.mirage_does("run", "greeter", "--", "--greting=x")
    s.tap.report(status == 2 and "--greeting" in err, "an unknown argument of the program names the nearest", err)
    s.says("build from inside the folder", ["build"], 0, "_build/linux/greeter\n", "", cwd=app)

    before = {p: p.stat().st_mtime_ns for p in (app / "_build").rglob("*")}
    s.mirage_does("build", "greeter")
    after = {p: p.stat().st_mtime_ns for p in (app / "_build").rglob("*")}
    changed = [str(p) for p in after if before.get(p) != after[p] and p.is_file()]
    s.tap.report(not changed, "a build of what is built writes nothing", str(changed))

    objects = app / "_build" / "linux" / "objects"
    stamps = {p.name: p.stat().st_mtime_ns for p in objects.glob("*.o")}
    source = app / "unikernel.c"
    source.write_text(source.read_text().replace('"hello"', '"hullo"'))
    s.says("a changed functor is built again", ["run", "greeter"], 0, "hullo\n", "")
    again = sorted(p.name for p in objects.glob("*.o") if p.stat().st_mtime_ns != stamps.get(p.name))
    s.tap.equal("and only it", again, ["greeter.o"])

    source.write_text(source.read_text().replace("console_log(console, greeting)", "console_log(console)"))
    status, out, err = s.mirage_does("build", "greeter")
    s.tap.equal("a mistake in a functor is told at its line, once", (status, out, err),
                (1, "", "greeter/unikernel.c:10:12: error: too few arguments to function 'console_log'\n"))
    source.write_text(source.read_text().replace("console_log(console)", "console_log(console, greeting)"))

    status, out, err = s.mirage_does("test", "greeter")
    s.tap.report(status == 0 and out.endswith("ok greets.c\n1 passed, 0 failed\n"), "test", out + err)
    (app / "unikernel.c").write_text(source.read_text().replace("return console_log(console, greeting);",
                                                               "(void)console;\n    return ERR_IO;"))
    status, out, err = s.mirage_does("test", "greeter")
    s.tap.report(status == 1 and "not ok greets.c" in out and out.endswith("0 passed, 1 failed\n") and "ended with status 1" in out,
                 "a test that fails", out + err)
    shutil.copytree(app, s.work / "gr[ee]ter*", ignore=shutil.ignore_patterns("_build"))
    status, out, err = s.mirage_does("test", "gr[ee]ter*")
    s.tap.report("not ok greets.c" in out, "a folder's name is no pattern", out + err)

    commands = json.loads((app / "compile_commands.json").read_text())
    files = [Path(c["file"]).name for c in commands]
    s.tap.report({"config.c", "unikernel.c", "console_unix.c"} <= set(files), "compile_commands.json names every functor", str(files))
    for c in commands:
        status, _, err = run([*c["arguments"], "-fsyntax-only"], c["directory"], s.env)
        s.tap.report(status == 0, f"which {Path(c['file']).name} compiles with as it stands", err)

    s.says("clean", ["clean", "greeter"], 0, "", "")
    left = sorted(str(p.relative_to(app)) for p in app.rglob("*") if p.is_file())
    s.tap.equal("clean leaves the sources", left,
                [".gitignore", "README.md", "config.c", "test/greets.c", "unikernel.c"])
    (s.work / "empty").mkdir()
    s.says("clean in a folder that is none of mirage's", ["clean", "empty"], 1, "",
           "empty: error: this folder holds no config.c, so there is nothing of mirage's to remove\n")


def single_tests(s):
    """One test by its name or by its file, and arguments for what a test runs."""
    s.mirage_does("new", "tested")
    app = s.work / "tested"
    shutil.copy(app / "test" / "greets.c", app / "test" / "other.c")
    s.says("every test", ["test"], 0, "ok greets.c\nok other.c\n2 passed, 0 failed\n", "", cwd=app)
    for name, words, cwd in (("a test by its name", ["other"], app), ("by its file's name", ["other.c"], app),
                             ("in a folder", ["tested", "other"], s.work), ("by its configuration", ["-f", "test/other.c"], app),
                             ("with arguments", ["other", "--", "--greeting=ho"], app)):
        s.says(name, ["test", *words], 0, "ok other.c\n1 passed, 0 failed\n", "", cwd=cwd)
    status, out, _ = s.mirage_does("test", "other", "--", "--greting=ho", cwd=app)
    s.tap.report(status == 1 and "did you mean --greeting" in out and out.endswith("0 passed, 1 failed\n"),
                 "a wrong argument fails the test, and is told", out)
    s.says("a test that isn't", ["test", "othre"], 1, "",
           "test: error: there is no test 'othre' (did you mean other?); there are: greets, other\n", cwd=app)
    s.says("a folder that isn't", ["test", "tsted/"], 1, "", "tsted: error: there is no such folder\n")
    s.says("no tests", ["test", "empty"], 1, "",
           "empty/test: error: there is no test here; a test is a configuration of its own, test/NAME.c\n")


def choices(s):
    s.mirage_does("new", "chooser")
    app = s.work / "chooser"
    status, out, _ = s.mirage_does("configure", "chooser", "--release", "--cc=clang")
    s.tap.equal("configure", (status, out), (0, "chooser: configured for linux in chooser/_build/linux-release\n"))
    s.says("build remembers what configure chose", ["build", "chooser"], 0, "chooser/_build/linux-release/chooser\n", "")
    manifest = json.loads((app / "_build" / "linux-release" / "manifest.json").read_text())
    s.tap.report(manifest["release"] is True and "clang" in manifest["compiler"], "the manifest says so", str(manifest))
    s.says("unless told otherwise", ["build", "chooser", "--development"], 0, "chooser/_build/linux/chooser\n", "")
    s.says("an unknown target", ["build", "chooser", "-t", "linus"], 1, "",
           "mirage: error: there is no target 'linus' (did you mean linux?); the targets are: linux, sim\n")
    s.says("a compiler that isn't there", ["build", "chooser", "--cc=tcc9"], 1, "",
           "mirage: error: there is no compiler 'tcc9' in PATH; install it, or name another one with --cc=gcc or --cc=clang\n")
    s.says("sanitizers that aren't", ["build", "chooser", "--cc=gcc", "--sanitize=adress"], 1, "",
           "mirage: error: gcc cannot build with --sanitize=adress; address and undefined are among those that it knows, and none is for none\n")
    s.says("a configuration that isn't C", ["build", "chooser", "-f", "README.md"], 1, "",
           "chooser/README.md: error: this is no configuration: one is a file in C, and its name ends in .c\n")
    status, _, err = s.mirage_does("build", "chooser", "--colour=red")
    s.tap.report(status == 1 and "colour" in err and err.count("\n") == 1, "an unknown key", err)


KEYED = """#include <mirage/config.h>

void config(void)
{
    INT_KEY count = key_int("count", 1, "how many");
    STRING_KEY word = key_string("word", "a", "which");
    functor(JOB, CONSOLE) keyed = foreign("unikernel.c", JOB, CONSOLE);
    register_job("keyed", set_int(set_string(apply(keyed, default_console()), "word", word), "count", count));
}
"""


def remembered_keys(s):
    s.mirage_does("new", "keyed")
    app = s.work / "keyed"
    (app / "config.c").write_text(KEYED)
    source = (app / "unikernel.c").read_text()
    (app / "unikernel.c").write_text(
        source.replace("ARG_STRING", 'KEY_INT(count, 0, 0, 9, "");\nKEY_STRING(word, "", "");\nARG_STRING')
        .replace("    return console_log(console, greeting);", '    for (int i = 0; i < key_count; i++)\n'
                 '        TRY(console_log(console, key_word));\n    return OK;'))
    s.says("a key", ["run", "keyed", "--count=2"], 0, "a\na\n", "")
    s.says("another key leaves the first as it was", ["run", "keyed", "--word=b"], 0, "b\nb\n", "")
    s.says("a key again", ["run", "keyed", "--count=1"], 0, "b\n", "")
    (app / "config.c").write_text(KEYED.replace('key_string("word"', 'key_string("text"'))
    s.says("a key that the configuration lost is forgotten", ["run", "keyed"], 0, "a\n", "")
    (app / "_build" / "config.c.choices").write_text('{"keys": [1, null], "target": 3}')
    s.says("choices that make no sense", ["run", "keyed"], 0, "a\n", "")


def lost_files(s):
    """What is made may vanish: the folder that holds the runtime's objects is a cache."""
    s.mirage_does("new", "lossy")
    build = s.work / "lossy" / "_build" / "linux"
    s.mirage_does("build", "lossy")
    for name in ("instances", "objects"):
        shutil.rmtree(build / name)
        s.says(f"{name}/ is lost", ["run", "lossy"], 0, "hello\n", "")
    for name in ("main.c", "build.ninja", "stamp", "lossy"):
        (build / name).unlink()
        s.says(f"{name} is lost", ["run", "lossy"], 0, "hello\n", "")
    shutil.rmtree(Path(s.env["XDG_CACHE_HOME"]) / "mirage")
    s.says("the cache is lost", ["run", "lossy"], 0, "hello\n", "")
    shutil.rmtree(build.parent)
    build.parent.touch()
    s.says("a file where the build folder is to be", ["run", "lossy"], 1, "",
           "mirage: error: lossy/_build is a file, where a folder is to be; rename it\n")


def odd_names(s):
    s.mirage_does("new", "main")
    s.says("a functor named main", ["run", "main"], 0, "hello\n", "")
    s.mirage_does("new", "objects")
    s.says("a program named as what is generated", ["run", "objects"], 1, "",
           "mirage: error: objects cannot be the program's name: the build folder has a file of that name already; rename the folder\n")
    odd = s.work / "it's a $folder #1: ü&;"
    odd.mkdir()
    s.says("new in an odd folder", ["new", "odd/"], 0, "odd is made; start it with: mirage run odd\n", "", cwd=odd)
    for options in ([], ["--release", "--cc=clang"]):
        s.says(" ".join(["an odd folder", *options]), ["run", "odd", *options], 0, "hello\n", "", cwd=odd)
    for name, what in (('quo"ted', "is a quotation mark in the path of {}/odd, which C cannot include"),
                       ("a|b", "is a vertical bar in the path of {}/odd, which ninja cannot name"),
                       ("\\", "is a backslash in the path of {}/odd, which C cannot include"),
                       ("\udcff", "are bytes that are no UTF-8 in the path of {}/odd, which JSON cannot hold")):
        odd = odd.rename(s.work / name)
        done = subprocess.run([s.mirage, "build", "odd"], cwd=odd, env=s.env, capture_output=True)
        s.tap.equal(f"a folder named {name!r}", (done.returncode, os.fsdecode(done.stderr)),
                    (1, f"odd: error: there {what.format(odd)}; rename the file or its folder\n"))


WHERE = """#include <mirage/functor.h>

PARAM(CONSOLE, left);
PARAM(CONSOLE, right);
MODULE(JOB, drawn);

IO err drawn_start(struct left *left, struct right *right)
{
    TRY(left_log(left, "one"));
    TRY(right_log(right, "two"));
    return left_log(left,
                    "three");
}
"""

PLAIN = """#include <mirage/functor.h>

#include <stdlib.h>

struct plain {
    int nothing;
};
MODULE(CONSOLE, plain);

IO err plain_write(struct plain *plain, const void *data, size_t len)
{
    (void)plain, (void)data, (void)len;
    return OK;
}

IO err plain_log(struct plain *plain, const char *line)
{
    (void)plain, (void)line;
    return OK;
}

IO err plain_connect(struct plain **out)
{
    *out = calloc(1, sizeof **out);
    return *out == NULL ? ERR_NO_MEMORY : OK;
}

IO void plain_disconnect(struct plain *plain)
{
    free(plain);
}
"""

WHERE_CONFIG = """#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, CONSOLE) drawn = foreign("drawn.c", JOB, CONSOLE, CONSOLE);
    functor(JOB, CONSOLE) other = foreign("unikernel.c", JOB, CONSOLE);
    register_job("drawn", apply(drawn, default_console(), %s));
    register_job("other", apply(other, default_console()));
}
"""


def where(s):
    """An operation has a name in each functor that calls it, and one in the program."""
    s.mirage_does("new", "shown")
    app = s.work / "shown"
    (app / "unikernel.c").write_text((app / "unikernel.c").read_text().replace("drawn", "shown"))
    (app / "drawn.c").write_text(WHERE)
    (app / "config.c").write_text(WHERE_CONFIG % "default_console()")
    for symbol in ("left_log", "right_log", "console_unix_log"):
        status, out, err = s.mirage_does("describe", "shown", f"--where={symbol}")
        lines = [" ".join(line.split()) for line in out.splitlines()]
        callers = [line for line in lines if line.startswith(("drawn", "shown"))]
        s.tap.equal(f"where {symbol} is called", (status, err, callers),
                    (0, "", ["drawn shown/drawn.c:9 as left_log", "drawn shown/drawn.c:11 as left_log",
                             "drawn shown/drawn.c:10 as right_log", "shown shown/unikernel.c:10 as console_log"]))
        s.tap.report(lines[0] == "console_unix_log: an operation of console_unix (CONSOLE)"
                     and any(line.endswith("as console_unix_log") and "devices/console/console_unix.c:" in line
                             for line in lines), f"where {symbol} is defined", out)
    s.says("where a name that is nearly one is", ["describe", "shown", "--where=left_lag"], 1, "",
           "mirage: error: no functor of this composition has an operation or event 'left_lag'; did you mean 'left_log'?\n")
    s.says("where a name that is like none is", ["describe", "shown", "--where=zzzzzzzzzzzz"], 1, "",
           "mirage: error: no functor of this composition has an operation or event 'zzzzzzzzzzzz'; `mirage describe` shows its "
           "modules, and docs/signatures.md what these can do\n")
    (app / "plain.c").write_text(PLAIN)
    (app / "config.c").write_text(WHERE_CONFIG % 'apply(foreign("plain.c", CONSOLE))')
    s.says("where an operation that nobody calls is", ["describe", "shown", "--where=plain_write"], 0,
           "plain_write: an operation of plain (CONSOLE)\n\ndefined\n  plain                    shown/plain.c:10 as plain_write\n\n"
           "called\n  by nobody\n", "")
    (app / "unikernel.c").write_text((app / "unikernel.c").read_text().replace("console_log(console", "left_log(left")
                                     .replace("PARAM(CONSOLE, console)", "PARAM(CONSOLE, left)").replace("struct console *console", "struct left *left"))
    (app / "config.c").write_text((WHERE_CONFIG % "default_console()").replace("other, default_console()", 'other, apply(foreign("plain.c", CONSOLE))'))
    s.says("where a name stands for two operations", ["describe", "shown", "--where=left_log"], 1, "",
           "mirage: error: 'left_log' stands for 2 operations here: console_unix_log in drawn; plain_log in shown; name one of these\n")


def pictures(s):
    s.mirage_does("new", "drawn")
    status, out, err = s.mirage_does("describe", "drawn")
    expected = ('drawn for linux\n\njob "drawn" (config.c:6)\n'
                "  drawn                                  JOB        unikernel.c\n"
                "    console: console_unix                CONSOLE    devices/console/console_unix.c\n"
                "\narguments, read when the program starts\n"
                "  --greeting=hello                what to say (drawn)\n")
    s.tap.equal("describe", (status, out, err), (0, expected, ""))
    status, out, _ = s.mirage_does("describe", "drawn", "--dot")
    s.tap.report(status == 0 and '"drawn" -> "console_unix" [label="console"];' in out, "describe --dot", out)
    status, out, _ = s.mirage_does("describe", "drawn", "--json")
    s.tap.equal("describe --json", [i["name"] for i in json.loads(out)["instances"]], ["console_unix", "drawn"])
    where(s)
    if shutil.which("dot"):
        status, out, err = s.mirage_does("describe", "drawn", "--svg", "-o", "picture.svg")
        s.tap.report(status == 0 and "<svg" in (s.work / "picture.svg").read_text(), "describe --svg", out + err)
    else:
        s.tap.report(True, "describe --svg # SKIP Graphviz is not here")


def libraries_made(s):
    return sorted(path.name for path in (Path(s.env["XDG_CACHE_HOME"]) / "mirage").glob("base-*/*.o"))


def libraries(s):
    """Pure libraries: those that a program uses, and no others, are named, compiled and linked."""
    shutil.rmtree(Path(s.env["XDG_CACHE_HOME"]) / "mirage", ignore_errors=True)
    s.mirage_does("new", "pure")
    source = s.work / "pure" / "unikernel.c"
    s.mirage_does("build", "pure")
    before = libraries_made(s)
    s.tap.report("base-ip-1.o" in before and not [name for name in before if name.startswith(("base-dns", "base-dhcp"))],
                 "a library that nothing uses is not compiled", str(before))
    source.write_text("#include <base/dhcp/dhcp.h>\n" + source.read_text().replace(
        "return", "struct dhcp_message message;\n    if (dhcp_parse(&message, NULL, 0) != ERR_FORMAT)\n        return ERR_INVALID;\n    return"))
    s.says("a module uses a library", ["run", "pure"], 0, "hello\n", "")
    s.tap.equal("with what that uses in turn", libraries_made(s), sorted([*before, "base-dhcp-1.o", "base-dns-1.o"]))
    status, out, _ = s.mirage_does("describe", "pure")
    s.tap.report(out.endswith("\npure libraries, and what names them\n  base/dhcp                       pure\n"), "describe names it", out)
    status, out, _ = s.mirage_does("describe", "pure", "--json")
    s.tap.equal("describe --json names it", [i["uses"] for i in json.loads(out)["instances"]], [[], ["dhcp"]])


def terminal_output(s):
    """On a terminal, progress is one line that goes away and errors have a colour; NO_COLOR is obeyed."""
    def on_terminal(words, **env):
        master, slave = pty.openpty()
        pid = os.fork()
        if pid == 0:
            os.close(master)
            os.login_tty(slave) if hasattr(os, "login_tty") else [os.setsid()] + [os.dup2(slave, n) for n in (0, 1, 2)]
            os.chdir(s.work)
            os.execve(s.mirage, [s.mirage, *words], {**s.env, **env})
        # The terminal stays open here, since what the program wrote last may be lost when the last one closes it.
        text, ended = b"", False
        while select.select([master], [], [], 0.2)[0] or not ended:
            if select.select([master], [], [], 0)[0]:
                text += os.read(master, 65536)
            else:
                ended = ended or os.waitpid(pid, os.WNOHANG)[0] == pid
        os.close(master)
        os.close(slave)
        return text.decode()

    s.mirage_does("new", "shown")
    out = on_terminal(["build", "shown"])
    s.tap.report("\r\033[K" in out and out.replace("\r\n", "\n").split("\033[K")[-1] == "shown/_build/linux/shown\n",
                 "progress goes away on a terminal", repr(out))
    out = on_terminal(["build", "nowhere"])
    s.tap.report("\033[1;31merror:\033[m" in out, "an error is red on a terminal", repr(out))
    out = on_terminal(["build", "nowhere"], NO_COLOR="1")
    s.tap.report("\033" not in out and "error:" in out, "NO_COLOR is obeyed", repr(out))


PARTS = (refusals, help_texts, units, life_of_an_application, single_tests, choices, remembered_keys, lost_files, odd_names, pictures, libraries, terminal_output)


if __name__ == "__main__":
    sys.exit(play(PARTS))
