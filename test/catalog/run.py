#!/usr/bin/env python3
"""run.py SOURCE WORK COMPILER: adds a module to a copy of the tree by adding its folder, and nothing else.

The module must then be in `mirage help modules`, in an application that calls it and in the compiler's messages. The
build of the tree must report what is wrong with its lines. Prints TAP."""
import re
import shutil
import sys
from pathlib import Path

from tap import Tap, mirage_environment, run

HERE = Path(__file__).resolve().parent

source, work = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
tap = Tap()
tree, build, app = work / "tree", work / "tree" / "build", work / "app"
env = mirage_environment(work, alone=True)
MADE = [str(work / name) for name in ("header", "table", "functions", "depfile")]
maker = [str(build / "tool" / "catalog-maker"), "cc", str(tree), str(work / "cache"), *MADE]
TOY = (HERE / "toy" / "toy.c").read_text()

# CATALOG lines of the toy, and the error for each.
WRONG = [
    ("CATALOG(toy, consol)", "lib/toy/toy.c:13: error: 'consol' is neither a parameter nor a key of the module 'toy' (did you mean 'console'?); "
     "declare it, or leave it out of the CATALOG line"),
    ("CATALOG(toy, word)", "lib/toy/toy.c:13: error: this CATALOG line leaves out the parameter 'console', and no CONSOLE stands there by itself; add it"),
    ("CATALOG(toy, console, console)", "lib/toy/toy.c:13: error: 'console' stands twice in this CATALOG line; take one of them out"),
    ("CATALOG(toy, console, 7)", "lib/toy/toy.c:13: error: an argument in this CATALOG line is no name; write the names of parameters and keys, or path(key)"),
    ("CATALOG(toy, path(console))", "lib/toy/toy.c:13: error: 'console' is a parameter, and path() is for a key whose text is a path; "
     "write console"),
    ("CATALOG(toy, console, list);\nKEY_STRINGS(list, \"a\")", "lib/toy/toy.c:13: error: the key 'list' is of the kind strings, which cannot be an "
     "argument; take it out of the CATALOG line"),
    ("CATALOG(toy, console, path(count));\nKEY_INT(count, 1, 1, 9, \"how many\")", "lib/toy/toy.c:13: error: the key 'count' is of the kind int, which is no "
     "path; take it out of the CATALOG line"),
    ("CATALOG(toy, console, path(mark));\nKEY_ENUM(mark, \"!\", \"the mark\", \"!\", \"?\")", "lib/toy/toy.c:13: error: the key 'mark' is of the kind "
     "enum, which is no path; take it out of the CATALOG line"),
    ("CATALOG(toy, console, KEY_CONSTANT(count));\nKEY_INT(count, 1, 1, 9, \"how many\")", "lib/toy/toy.c:13: error: 'key_count' is neither a parameter nor "
     "a key of the module 'toy' (did you mean 'count'?); declare it, or leave it out of the CATALOG line"),
    ("CATALOG(toy, console);\nKEY_INT(count, 10, 1, 9, \"how many\")", "lib/toy/toy.c:14: error: the default of the key 'count', 10, is outside its "
     "bounds, 1 to 9"),
    ("CATALOG(toy, console);\n#define MANY 10\nKEY_INT(count, MANY, 1, 9, \"how many\")", "lib/toy/toy.c:15: error: the default of the key 'count', "
     "MANY, is outside its bounds, 1 to 9"),
    ("CATALOG(toy, console);\nKEY_ENUM(mark, \".\", \"the mark\", \"!\", \"?\")", "lib/toy/toy.c:14: error: the default of the key 'mark', \".\", is "
     "none of its values, ! or ?"),
    ("CATALOG(toy, console);\nPARAM(COUNTERS, counters)", "lib/toy/toy.c:14: error: there is no signature 'COUNTERS'; include the header that defines "
     "it before this line"),
    ("CATALOG(toy, console);\nPARAM(CONSOEL, other)", "lib/toy/toy.c:14: error: there is no signature 'CONSOEL' (did you mean 'CONSOLE'?); include the "
     "header that defines it before this line"),
    ("CATALOG(crunch, console)", "lib/kv_crunch/kv_crunch.c:14: error: the catalogue has two functions 'crunch': the other is said in lib/toy/toy.c:13; "
     "name this one by CATALOG(NAME, ARGUMENT...)"),
]
# Texts of a signature's header, and the error for each.
CHIME = "/*\n * CHIME: something that rings.\n */\n#define CHIME(M) DEVICE(M)\n"
CHIME_WRONG = [
    (CHIME.replace(" * CHIME: s", " * S"), "include/mirage/sig/chime.h:1: error: nothing says which signature this is; begin this header with a comment that "
     "begins with the name and a colon, as CONSOLE: does"),
    (CHIME.replace("CHIME(M)", "BELL(M)"), "include/mirage/sig/chime.h:2: error: this header is said to be the signature CHIME, and defines no such macro; "
     "add #define CHIME(M) …"),
    (None, "include/mirage/functor.h:{}: error: there is no signature include/mirage/sig/chime.h"),
]


def ninja():
    return run(["ninja", "-C", str(build), "tool/mirage", "tool/crunch/mirage-crunch", "tool/libmirage-config.so"], work, env)


def mirage(*argv):
    return run([str(build / "tool" / "mirage"), *argv], work, env)


def write_toy(text):
    folder = tree / "lib" / "toy"
    folder.mkdir(exist_ok=True)
    (folder / "toy.c").write_text(text)


def said(text, line):
    """The toy's source with another CATALOG line in the place of its own."""
    return text.replace("CATALOG(toy, console, word)", line)


def left_out(folder, names):
    """The names that are not copied: what was built, hidden files, and the fuzzers' corpora."""
    made = {"_build", "__pycache__", "corpus"} | {n for n in names if n.startswith(".")}
    return made | {n for n in names if Path(folder) == source and n.startswith("build")}


def prepare():
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    shutil.copytree(source, tree, ignore=left_out, symlinks=True)
    shutil.copytree(HERE / "app", app)
    status, out, err = run(["meson", "setup", str(build), str(tree)], work, {**env, "CC": sys.argv[3]})
    if status == 0:
        status, out, err = ninja()
    tap.report(status == 0, "a copy of the tree builds", out + err)
    return status == 0


def added():
    status, out, err = ninja()
    tap.report("no work to do" in out, "nothing is built again", out + err)
    write_toy(TOY)
    status, out, err = ninja()
    tap.report(status == 0, "it builds with the module's folder", out + err)
    _, out, err = ninja()
    tap.report("no work to do" in out, "and once only", out + err)


def documented():
    _, page, err = mirage("help", "modules")
    tap.report("| [toy](#toy) | [CONSOLE](signatures.md#console) | A console whose lines begin with a word. |\n" in page,
               "mirage help modules lists it", page + err)
    section = page.partition("\n## toy\n")[2].partition("\n## ")[0]
    tap.equal("with all that its source says", section, """
```c
CONSOLE toy(CONSOLE console, const char *word)
```

A console whose lines begin with a word.

- Source: `lib/toy/toy.c`, the module `toy`
- Parameter `console`: [CONSOLE](signatures.md#console)

| Key | Type | Default | |
| --- | --- | --- | --- |
| `word` | string | `"toy"` | what a line begins with |

| Argument | Type | Default | |
| --- | --- | --- | --- |
| `--toy-loud` | bool | `false` | end lines with a mark |
""")
    header = (build / "tool" / "mirage-modules.h").read_text()
    tap.report("/* A console whose lines begin with a word. */\n" in header, "its prototype is documented", header)


def unread():
    hello = work / "hello"
    shutil.copytree(source / "examples" / "hello", hello, ignore=left_out)
    status, out, err = mirage("build", str(hello))
    # Each file that the build keeps for a source has the source's name.
    kept = sorted(path.name for path in (hello / "_build").rglob("*") if "toy" in path.name)
    tap.report(status == 0 and not kept, "an application that does not use it reads nothing of it", f"{err}{kept}")


def used():
    for cc in ("gcc", "clang"):
        if shutil.which(cc) is None:
            tap.skip(f"an application calls it, {cc}", f"{cc} is not installed")
            continue
        status, out, err = mirage("run", f"--cc={cc}", str(app))
        tap.report(status == 0 and out == "box: opened\n", f"an application calls it, {cc}", f"status {status}\n{out}{err}")
    config = app / "config.c"
    text = config.read_text()
    for given, expected in (
            ("default_pclock(), \"box\"", "6:40: error: passing argument 1 of 'toy' from incompatible pointer type: expected 'CONSOLE' but argument "
             "is of type 'PCLOCK'"),
            ("default_console()", "6:36: error: too few arguments to function 'toy'"),
            ("default_console(), NULL", "6: error: toy was given no word"),
            ("NULL, \"box\"", "6: error: argument 1 of 'toy' is NULL")):
        config.write_text(text.replace("default_console(), \"box\"", given))
        _, _, err = mirage("build", "--cc=gcc", str(app))
        tap.equal(f"toy({given}) is refused", err, f"app/config.c:{expected}\n")
    config.write_text(text)


def choosing():
    """An argument of the function that is a key of several values."""
    write_toy(said(TOY, 'CATALOG(toy, console, mark);\nKEY_ENUM(mark, "!", "what a line ends with", "!", "?")'))
    config = app / "config.c"
    text = config.read_text()
    status, out, err = ninja()
    tap.report(status == 0 and "CONSOLE(toy)(CONSOLE console, const char *mark);" in (build / "tool" / "mirage-modules.h").read_text(),
               "a key of several values is an argument", out + err)
    for mark, expected in (("?", (0, "")), ("", (0, "")), (".", (
            1, "app/config.c:6: error: mark of 'toy' is '.'; it is ! or ?: what a line ends with\n"))):
        config.write_text(text.replace('"box"', f'"{mark}"'))
        status, _, err = mirage("build", "--cc=gcc", str(app))
        tap.equal(f"toy(default_console(), \"{mark}\")", (status, err if status else ""), expected)
    config.write_text(text)


def refused():
    for line, expected in WRONG:
        write_toy(said(TOY, line))
        status, out, err = run(maker, tree, env)
        tap.equal(f"{line.splitlines()[0]} is refused", (status, err), (1, expected + "\n"))
    write_toy(re.sub(r"^/\*.*?\*/\n", "", TOY, flags=re.S))
    status, out, err = run(maker, tree, env)
    tap.equal("a module that does not say what it is is refused", (status, err), (
        1, "lib/toy/toy.c:1: error: nothing says what the module 'toy' is; begin this file with a comment whose first paragraph does\n"))
    write_toy(TOY.replace("MODULE(CONSOLE, toy)", "MODULE(CONSOLE, tin)"))
    status, out, err = run(maker, tree, env)
    tap.equal("a module with another name than its file is refused", (status, err), (
        1, "lib/toy/toy.c:12: error: the module 'tin' is in the file toy.c, and the two must have one name; name the module 'toy', or rename the file\n"))
    (tree / "lib/toy/more.c").write_text("/* More of it. */\n")
    status, out, err = run(maker, tree, env)
    tap.equal("and one with another name than its folder", (status, err), (
        1, "lib/toy/toy.c:12: error: the module 'tin' is in the folder toy, and the two must have one name; name the module 'toy', or rename the folder\n"))
    (tree / "lib/toy/more.c").unlink()
    write_toy(TOY.replace("CATALOG(toy, console, word);\n", ""))
    status, out, err = run(maker, tree, env)
    tap.report(status == 0 and "CONSOLE(toy)(CONSOLE console);" in (work / "header").read_text(),
               "without the line it has its name and takes its parameters", err)


def without_module():
    write_toy(TOY.replace("MODULE(CONSOLE, toy);\nCATALOG(toy, console, word);\n", ""))
    status, out, err = run(maker, tree, env)
    tap.equal("a folder without a MODULE line is refused", (status, err), (
        1, "lib/toy/toy.c:1: error: the folder of this file has no MODULE line; add MODULE(SIGNATURE, name), or move the folder to base/ if it is a pure "
        "library\n"))
    write_toy(TOY)


def without_target():
    bell = tree / "devices/toy/toy_bell.c"
    bell.parent.mkdir()
    bell.write_text(TOY.replace("toy", "toy_bell"))
    ninja()
    config = app / "config.c"
    text = config.read_text()
    config.write_text(text.replace("toy(", "toy_bell("))
    _, _, err = mirage("build", "--cc=gcc", str(app))
    tap.equal("a device that no target names is refused, and where to name it is said", err,
              "app/config.c:6: error: toy_bell() is a module of no target, and this program is for linux; name devices/toy/toy_bell.c in the .modules of "
              "tool/target/linux.c\n")
    config.write_text(text)
    shutil.rmtree(bell.parent)


def signatures_refused():
    write_toy(TOY)
    header, functor = tree / "include/mirage/sig/chime.h", tree / "include/mirage/functor.h"
    was, row = functor.read_text(), "#include <mirage/sig/chime.h>\n"
    header.write_text(CHIME)
    status, out, err = run(maker, tree, env)
    tap.equal("a signature that functor.h does not include is refused", (status, err), (
        1, "include/mirage/sig/chime.h:1: error: no functor knows this signature; add #include <mirage/sig/chime.h> to include/mirage/functor.h, behind those "
        "that it stands on\n"))
    functor.write_text(was.removesuffix("\n#endif\n") + row + "\n#endif\n")
    line = functor.read_text().split(row)[0].count("\n") + 1
    for text, expected in CHIME_WRONG:
        header.unlink()
        if text is not None:
            header.write_text(text)
        status, out, err = run(maker, tree, env)
        tap.equal(f"a signature is refused: {expected.split('error: ')[1][:40]}…", (status, err), (1, expected.format(line) + "\n"))
    header.write_text(CHIME)
    status, out, err = run(maker, tree, env)
    tap.report(status == 0 and "config_type(CHIME);\n" in (work / "header").read_text(), "one that is right is a type of the configuration language", err)
    functor.write_text(was)
    header.unlink()


def shown():
    page = (source / "docs" / "hacking.md").read_text()
    diff = "--- /dev/null\n+++ b/lib/toy/toy.c\n" + "".join(f"+{line}\n" for line in TOY.splitlines())
    tap.report(f"```diff\n{diff}```\n" in page, "docs/hacking.md shows the diff that adds it", "it differs from test/catalog/toy/toy.c")


shown()
if prepare():
    added()
    documented()
    unread()
    used()
    choosing()
    refused()
    without_module()
    without_target()
    signatures_refused()
sys.exit(tap.end())
