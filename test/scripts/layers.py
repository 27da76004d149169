#!/usr/bin/env python3
"""Checks that includes only go down: examples, lib, devices, runtime, platform. All may use base. Prints TAP."""

import os
import re
import sys
from pathlib import Path

from tap import ROOT, Tap, project_files

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)
# The folders that files of a folder may include, besides their own and the compiler's.
MAY = {
    "base": ["base", "include"],
    "include": ["base", "include"],
    "lib": ["base", "include", "lib"],
    "devices": ["base", "include", "devices", "platform"],
    "runtime": ["base", "include", "runtime", "platform"],
    "platform": ["base", "include", "platform", "runtime"],
    "examples": ["base", "include", "examples"],
    "catalog": ["base", "include", "catalog", "tool"],
    "tool": ["base", "include", "catalog", "tool"],
}


def included(file, text):
    """The files of the tree that it includes, as paths below the root."""
    for quoted, angled in INCLUDE.findall(text):
        if quoted:
            yield quoted, os.path.normpath((file.parent / quoted).as_posix())
        elif angled.startswith("mirage/"):
            yield angled, "include/" + angled
        elif (ROOT / angled).is_file():
            yield angled, angled


def mistakes(file, text):
    own = file.parts[0]
    for written, path in included(file, text):
        folder = path.split("/")[0]
        if not (ROOT / path).is_file() and not (ROOT / folder).is_dir():
            continue
        if folder not in MAY[own]:
            yield f"{file} includes {written}: {own}/ may include {', '.join(MAY[own])}"
        elif written.endswith(".c") and Path(path).parent != file.parent:
            yield f"{file} includes {written}, a source of another folder: it belongs to base/, or its header is what is meant"


def main():
    tap = Tap()
    files = project_files()
    if files is None:
        return 0
    sources = [Path(name) for name in files if name.endswith((".c", ".h")) and name.split("/")[0] in MAY]
    found = [m for file in sources for m in mistakes(file, (ROOT / file).read_text(errors="replace"))]
    tap.report(bool(sources) and not found, "includes run one way, and no source of another folder is included", "\n".join(found))
    # Each rule must be able to fail.
    for name, line in (("lib/tcp/tcp.c", "#include <platform/linux/fd.h>"), ("lib/udp/udp.c", '#include "../../devices/console/console_unix.c"'),
                       ("base/ip/ip.c", '#include "../../runtime/runtime.h"'), ("lib/dns_client/cache.c", '#include "../tcp/tcp.c"')):
        tap.report(len(list(mistakes(Path(name), line))) == 1, f"{line} in {name} is found")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
