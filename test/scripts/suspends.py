#!/usr/bin/env python3
"""Checks that a function which calls what may suspend says so: IO stands before its definition or its declaration. The
compiler cannot tell, because IO is an empty macro. Looks at lib/, devices/ and examples/: at calls of the runtime, of the
operations of a functor's parameters, and of the functions of the same folder. Prints TAP."""

import re
import sys
from pathlib import Path

from tap import ROOT, Tap, project_files

MARKED = re.compile(r"\bIO\s+[^;(){}]*?\b(\w+)\)?\s*\(")
DEFINE = re.compile(r"#define (\w+)\(([^)]*)\)((?:[^\n]*\\\n)*[^\n]*)")
PARAM = re.compile(r"^PARAM\((\w+), (\w+)", re.M)
FUNCTION = re.compile(r"^([A-Za-z][^\n;{}#]*(?:\n[^\n;{}#]+)*)\n\{\n(.*?)^\}", re.S | re.M)
CALL = re.compile(r"\b(\w+)\(")


def code_of(text):
    """The text without comments and strings."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


class Signatures:
    """The operations of each signature that may suspend, with what stands between the module's name and theirs."""

    def __init__(self, texts):
        self.defined = {name: ([p.strip() for p in params.split(",")], body)
                        for text in texts for name, params, body in DEFINE.findall(code_of(text))}

    def suspending(self, name, arguments):
        """The names of the operations, where `arguments` are those of the signature's macro."""
        if name not in self.defined:
            return set()
        params, body = self.defined[name]
        given = dict(zip(params, arguments))
        body = re.sub(r"\bM##_|\b(\w+)##_", lambda m: given.get(m.group(1) or "M", m.group(1) or "M") + "_", body)
        found = {operation for operation in MARKED.findall(body)}
        for inner, words in re.findall(r"\b([A-Z][A-Z0-9_]+)\(([^()]*)\)", body):
            if inner not in ("SUBMODULE", name):
                found |= self.suspending(inner, [given.get(word.strip(), word.strip()) for word in words.split(",")])
        return found


def unmarked(signatures, runtime, texts):
    """The functions of a folder's files that call what may suspend and have no IO."""
    codes = {name: code_of(text) for name, text in texts.items()}
    suspending = set(runtime)
    for code in codes.values():
        suspending |= set(MARKED.findall(code))
        for signature, name in PARAM.findall(code):
            suspending |= signatures.suspending(signature.removesuffix("_ON"), [name])
    for name, code in codes.items():
        for head, body in FUNCTION.findall(code):
            function = CALL.search(head) or re.search(r"(\w+)\)?\(", head)
            calls = sorted(set(CALL.findall(body)) & suspending)
            if function and calls and function.group(1) not in suspending and not re.search(r"\bIO\b", head):
                yield f"{name}: {function.group(1)} calls {calls[0]}, which may suspend; write IO before its type"


def main():
    tap = Tap()
    files = project_files()
    if files is None:
        return 0
    texts = {name: (ROOT / name).read_text(errors="replace") for name in files
             if name.endswith((".c", ".h")) and name.startswith(("include/mirage/", "lib/", "devices/", "examples/"))}
    signatures = Signatures([text for name, text in texts.items() if name.startswith("include/mirage/sig/")])
    runtime = {operation for name, text in texts.items() if re.fullmatch(r"include/mirage/\w+\.h", name)
               for operation in MARKED.findall(code_of(text)) if operation.startswith("os_")}
    stack = signatures.suspending("STACK", ["stack"])
    tap.report({"stack_tcp_write", "stack_udp_receive", "stack_disconnect"} <= stack and "stack_hostname" not in stack
               and {"os_wait", "os_join"} <= runtime and "os_now" not in runtime,
               "what may suspend is read from the headers", f"{sorted(stack)}\n{sorted(runtime)}")

    folders = {}
    for name, text in texts.items():
        if not name.startswith("include/"):
            folders.setdefault(str(Path(name).parent), {})[name] = text
    found = [line for folder in folders.values() for line in unmarked(signatures, runtime, folder)]
    tap.report(not found, "what may suspend says IO", "\n".join(found))

    # The check must be able to fail.
    head = "PARAM(STACK, net);\nMODULE(JOB, x);\n"
    for body, said in (("    os_sleep(1);\n", "os_sleep"), ("    TRY(net_tcp_write(f, b));\n", "net_tcp_write"), ("    wait_long();\n", "wait_long")):
        text = f"{head}static IO void wait_long(void)\n{{\n    os_yield();\n}}\n\nstatic err work(struct flow *f,\n                struct buf *b)\n{{\n{body}}}\n"
        tap.equal(f"a call of {said} is found", list(unmarked(signatures, runtime, {"lib/x/x.c": text})),
                  [f"lib/x/x.c: work calls {said}, which may suspend; write IO before its type"])
        marked = text.replace("static err", "static IO err")
        tap.equal(f"and it is in order with IO: {said}", list(unmarked(signatures, runtime, {"lib/x/x.c": marked})), [])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
