#!/usr/bin/env python3
"""Checks the rules of the tree that layers.py does not: no target is named in the tool or the catalogue, no floor of the
tool includes a higher one, nothing includes a source of another folder or a platform by a relative path, lib/ opens no
host files, modules lie where they are looked for, each test is built, and each fuzzer is replayed. Prints TAP."""

import os
import re
import sys
from pathlib import Path

from tap import ROOT, Tap, project_files

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
# Each floor of tool/ may include itself and those before it.
FLOORS = ["base", "target", "composition", "emission", "project", "commands"]


def target_names():
    rows = (ROOT / "tool/target/meson.build").read_text()
    return re.findall(r"'(\w+)'", rows[rows.index("target_names"):rows.index("]")])


def names_in(file, text, names):
    """The lines of a file of the tool or the catalogue that name a target in quotes."""
    if not file.startswith(("tool/", "catalog/")) or file.startswith("tool/target/"):
        return []
    quoted = re.compile("[\"'](?:" + "|".join(names) + ")[\"']")
    return [f"{file}:{number}: {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if quoted.search(line)]


def floor_of(file):
    parts = file.split("/")
    return FLOORS.index(parts[1]) if parts[0] == "tool" and len(parts) > 2 and parts[1] in FLOORS else None


def above(file, text):
    """The includes of a file of the tool that name a higher floor."""
    own = floor_of(file)
    if own is None:
        return []
    return [f"{file} includes {name}" for name in INCLUDE.findall(text) if (floor_of("tool/" + name) or 0) > own]


def foreign_sources(file, text):
    for name in INCLUDE.findall(text):
        if not name.endswith(".c"):
            continue
        beside = os.path.normpath(os.path.join(os.path.dirname(file), name))
        path = beside if (ROOT / beside).exists() else name
        if os.path.dirname(path) != os.path.dirname(file) and (ROOT / path).exists():
            yield f"{file} includes {name}"


def relative_platforms(file, text):
    return [f"{file} includes {name}" for name in INCLUDE.findall(text)
            if name.startswith("../") and ("platform/" in name or name.startswith("../../../"))]


# Text that shows that a module of lib/ uses another module's folder or the host's files.
REACHES = re.compile(r'#\s*include\s*"\.\./|#\s*include\s*<(?:unistd|fcntl|dirent|sys/\w+)\.h>|\b(?:fopen|freopen|fdopen)\(')


def reaching(file, text):
    if not file.startswith("lib/"):
        return []
    return [f"{file}:{number}: {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if REACHES.search(line)]


MODULE_LINE = re.compile(r"^\s*MODULE(?:_ON)?\(", re.M)


def misplaced(file, text):
    """A module where the build does not look for modules."""
    if file.startswith(("base/", "runtime/", "platform/")) and MODULE_LINE.search(text):
        yield f"{file} has a MODULE line: a module is a folder of lib/, or of devices/ when it touches the world outside"


def unreplayed(files, rows):
    """The fuzzers, and the scripts that plant bugs, for which test/fuzz/meson.build has no row."""
    planted = re.search(r"foreach folder : \[(.*?)\]", rows, re.S).group(1)
    replayed = {folder: re.findall(r"'(\w+)'", names) for folder, names in re.findall(r"'(\w+)': \[(.*?)\]", rows, re.S)}
    for name in files:
        if found := re.fullmatch(r"fuzz/(\w+)/(\w+)\.(c|sh)", name):
            folder, what, kind = found.groups()
            if kind == "c" and what not in replayed.get(folder, ()):
                yield f"{name}: add '{what}' to '{folder}' in test/fuzz/meson.build"
            if kind == "sh" and what == "planted" and f"'{folder}'" not in planted:
                yield f"{name}: add '{folder}' to the folders of planted bugs in test/fuzz/meson.build"


def unbuilt(files, text_of):
    """The tests that no meson.build names, or that none leads to. `text_of` gives the text of a meson.build, "" for none."""
    for name in files:
        path = Path(name)
        if name.startswith("test/") and path.name == "meson.build" and len(path.parts) > 2:
            folder = path.parent
            lines = [f"subdir('{folder.relative_to(above)}')" for above in list(folder.parents)[:-1]
                     if f"subdir('{folder.relative_to(above)}')" in text_of(above / "meson.build")]
            if not lines:
                yield f"{name}: nothing leads here; add subdir('{folder.name}') to {folder.parent}/meson.build"
        elif found := re.fullmatch(r"test/.*/test_(\w+)\.c", name):
            above = [text_of(folder / "meson.build") for folder in list(path.parents)[:-1]]
            if not any(f"'{found[1]}'" in text or path.name in text for text in above):
                yield f"{name}: no meson.build builds it; name it in the one of its folder, or in the table of a folder above"


def main():
    tap = Tap()
    files = project_files()
    if files is None:
        return 0
    texts = {name: (ROOT / name).read_text(errors="replace") for name in files
             if name.endswith((".c", ".h", ".in", ".py")) or (name.endswith("meson.build") and name.startswith(("tool/", "catalog/")))}
    sources = {name: text for name, text in texts.items() if name.endswith((".c", ".h"))}
    names = target_names()
    tap.report(names[:1] == ["linux"] and "sim" in names, "the list of targets is read", repr(names))

    found = [line for name, text in texts.items() for line in names_in(name, text, names)]
    tap.report(not found, "no target is named in tool/ outside tool/target/, nor in catalog/", "\n".join(found))
    found = [line for name, text in sources.items() for line in above(name, text)]
    tap.report(not found, "no floor of tool/ includes one above it", "\n".join(found))
    found = [line for name, text in sources.items() for line in relative_platforms(name, text)]
    tap.report(not found, "nothing includes a platform, or from far away, by a relative path", "\n".join(found))
    found = [line for name, text in sources.items() for line in foreign_sources(name, text)]
    tap.report(not found, "nothing includes a source of another folder", "\n".join(found))

    found = [line for name, text in sources.items() for line in reaching(name, text)]
    tap.report(not found, "no module of lib/ reaches into another's folder or opens host files: that is base/, or a signature", "\n".join(found))

    found = [line for name, text in sources.items() for line in misplaced(name, text)]
    tap.report(not found, "no module lies where none is looked for", "\n".join(found))
    rows = (ROOT / "test/fuzz/meson.build").read_text()
    found = list(unreplayed(files, rows))
    tap.report(not found, "each fuzzer's corpus is replayed by a test, and each planted bug is looked for", "\n".join(found))

    builds = {name: (ROOT / name).read_text() for name in files if name.startswith("test/") and name.endswith("meson.build")}
    found = list(unbuilt(files, lambda path: builds.get(str(path), "")))
    tap.report(not found, "each test is built", "\n".join(found))

    # Each check must be able to fail.
    tap.report(len(names_in("tool/project/open.c", 'strcmp(name, "sim")', names)) == 1, "a target's name is found")
    tap.report(len(above("tool/base/files.c", '#include "commands/cli.h"')) == 1, "a higher floor is found")
    tap.report(len(relative_platforms("lib/x/x.c", '#include "../../platform/linux/fd.h"')) == 1, "a relative path is found")
    tap.report(len(list(foreign_sources("lib/udp/udp.c", '#include "../tcp/tcp.c"'))) == 1, "another folder's source is found")
    tap.report(all(len(reaching("lib/x/x.c", line)) == 1 for line in ('#include "../ip/x.h"', "#include <fcntl.h>", "    f = fopen(name, mode);")),
               "what reaches out of lib/ is found")
    tap.equal("a misplaced module is found", list(misplaced("base/x/x.c", "\nMODULE(CONSOLE, x);\n")),
              ["base/x/x.c has a MODULE line: a module is a folder of lib/, or of devices/ when it touches the world outside"])
    tap.equal("a fuzzer without a test is found", list(unreplayed(["fuzz/tcp/other.c", "fuzz/other/planted.sh"], rows)),
              ["fuzz/tcp/other.c: add 'other' to 'tcp' in test/fuzz/meson.build",
               "fuzz/other/planted.sh: add 'other' to the folders of planted bugs in test/fuzz/meson.build"])
    tap.equal("a test that is not built is found",
              list(unbuilt(["test/lib/x/meson.build", "test/lib/x/test_y.c"], lambda path: "subdir('ip')" if path == Path("test/lib/meson.build") else "")),
              ["test/lib/x/meson.build: nothing leads here; add subdir('x') to test/lib/meson.build",
               "test/lib/x/test_y.c: no meson.build builds it; name it in the one of its folder, or in the table of a folder above"])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
