#!/usr/bin/env python3
"""hacking.py COMPILER WORK: follows docs/hacking.md. Its diffs are applied to a copy of the tree, which is built;
an application uses the signature's two modules, and its runtime argument is in --help. Prints TAP."""

import importlib
import os
import re
import shutil
import subprocess
import sys

from tap import Tap, run, scratch_tree

BUILT = ["tool/mirage", "tool/libmirage-config.so", "tool/crunch/mirage-crunch", "test/base/test_base_parity",
         "test/lib/chime_text/test_chime_text"]


def diffs(page):
    """The diffs that git can apply, by section. The others show a part of a diff."""
    for section in page.split("\n## ")[1:]:
        for block in re.findall(r"^```diff\n(.*?)^```$", section, re.M | re.S):
            if "\n@@ " in block:
                yield section.splitlines()[0], block


def apply(tap, tree, env):
    applied = []
    for section, block in diffs((tree / "docs/hacking.md").read_text()):
        done = subprocess.run(["git", "apply", "-p1", "-"], cwd=tree, env=env, input=block, timeout=120, capture_output=True, text=True)
        tap.report(done.returncode == 0, f"{section}: the diff applies", done.stderr)
        applied.append(section)
    tap.equal("each recipe is there", sorted(set(applied)), ["Add a base library", "Add a command", "Add a device", "Add a runtime argument",
                                                             "Add a signature", "Add a test", "Add an example"])


def checked(tap, tree, env):
    """What the page says to run before handing it in, on the tree with its diffs; `format` on what they add alone."""
    subprocess.run(["git", "init", "-q"], cwd=tree, check=True, timeout=120)
    for name in ("house", "layers", "suspends"):
        status, out, err = run([sys.executable, tree / f"test/scripts/{name}.py"], tree, {**env, "PYTHONPATH": str(tree / "test/support")})
        tap.report(status == 0 and "1..0" not in out, f"the test {name} passes", out + err)
    page = (tree / "docs/hacking.md").read_text()
    added = re.findall(r"^\+\+\+ b/(.*\.[ch])$", "".join(block for _, block in diffs(page)), re.M)
    if shutil.which("clang-format") is None:
        tap.skip("the diffs obey .clang-format", "there is no clang-format")
    else:
        _, out, err = run(["clang-format", "--dry-run", *sorted(set(added))], tree, env)
        tap.report("clang-format-violations" not in err, "the diffs obey .clang-format", err)


def told(tap, mirage, work, env):
    _, out, err = run([mirage, "types"], work, env)
    tap.report(out.endswith("SITE\nCHIME\n"), "the command does what its diff says", out + err)
    _, out, err = run([mirage, "help"], work, env)
    tap.report(re.search(r"^  types +list the module types$", out, re.M), "and is in the help", out + err)
    _, out, err = run([mirage, "help", "signatures"], work, env)
    tap.report("\n## CHIME\n\nSomething that rings.\n" in out, "the signature is in its page", out + err)
    _, out, err = run([mirage, "help", "modules"], work, env)
    tap.report("```c\nCHIME chime_text(CONSOLE console)\n```" in out and "```c\nCHIME chime_bell(void)\n```" in out, "the modules are in theirs", out + err)
    tap.report("| `--chime-word` | string | `ding` | what a chime writes |" in out, "with the argument", out)


def used(tap, mirage, work, env):
    shutil.copytree(work.parent / "tree/examples/chime", work / "chime")
    status, out, err = run([mirage, "build", "chime"], work, env)
    tap.report(status == 0, "an application uses both modules", out + err)
    program = work / "chime/_build/linux/chime"
    if status != 0:
        return
    status, out, err = run([program, "--help"], work, env)
    tap.report(status == 0 and re.search(r"--chime-word.*what a chime writes", out, re.S), "the argument is in its --help", out + err)
    sys.path.insert(0, str(work.parent / "tree/test/system/examples"))
    examples = importlib.import_module("run")
    got, expected = examples.PLAIN["chime"](examples.Examples(tap, mirage, work.parent / "tree", work), program)
    tap.equal("both ring, as the row of the example's test says", got, expected)
    tap.equal("and the argument is the text", run([program, "--chime-word=dong"], work, env), (0, "dong\ndong\n\a\a", ""))
    tap.equal("where there is no such device, the user's line is told", run([mirage, "build", "-t", "sim", "chime"], work, env),
              (1, "", "chime/config.c:8: error: chime_bell() is a module of the target linux alone, and this program is for sim\n"))


def main():
    tap = Tap()
    compiler, work = sys.argv[1:3]
    scratch = scratch_tree(compiler, work)
    if scratch is None:
        return 0
    tree, apps, env = scratch
    # The copy lies inside a checkout, but its paths are not those of the checkout.
    env["GIT_CEILING_DIRECTORIES"] = str(tree.parent)
    apply(tap, tree, env)
    checked(tap, tree, env)
    for words in (["meson", "setup", "build"], ["ninja", "-C", "build", *BUILT]):
        status, out, err = run(words, tree, env)
        if status != 0:
            tap.report(False, "the tree with all of it builds", out[-3000:] + err)
            return tap.end()
    tap.report(True, "the tree with all of it builds")
    for what, program, case in (("base library", "base/test_base_parity", "test_bits"), ("functor", "lib/chime_text/test_chime_text", "test_ring")):
        status, out, err = run([tree / "build/test" / program], work, {**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"})
        tap.report(status == 0 and f"ok 1 - {case}" in out, f"the test of the {what} passes", out + err)
    mirage = tree / "build/tool/mirage"
    told(tap, mirage, apps, env)
    used(tap, mirage, apps, env)
    shutil.rmtree(work)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
