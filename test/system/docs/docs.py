#!/usr/bin/env python3
"""docs.py MIRAGE SOURCE BUILD: checks that docs/ and the README agree with the code and with one another. Prints TAP."""
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile

mirage, source, build = sys.argv[1:]
docs = os.path.join(source, "docs")
pages = sorted(name for name in os.listdir(docs) if name.endswith(".md"))
count = 0


def report(problems, what):
    global count
    count += 1
    print(f"{'not ok' if problems else 'ok'} {count} - {what}")
    for problem in problems:
        print(f"# {problem}")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))


def anchors(text):
    """The ids that GitHub and mirage-crunch give to headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)}


def current(page):
    made = subprocess.run([mirage, "help", page], stdout=subprocess.PIPE, check=True, text=True).stdout.rstrip("\n") + "\n"
    differences = difflib.unified_diff(read(os.path.join(docs, page + ".md")).splitlines(), made.splitlines(),
                                       "docs", "mirage help", lineterm="", n=0)
    return list(differences)[:40]


def unknown_tests(text, tests):
    """The tests, suites and paths that a page names and that do not exist."""
    problems = []
    names, suites = {test["name"] for test in tests}, {suite.split(":")[-1] for test in tests for suite in test["suite"]}
    for words in (line.split() for line in re.findall(r"meson test -C \S+(.*)", text)):
        for i, word in enumerate(words):
            after_suite = i > 0 and words[i - 1] == "--suite"
            if not word.startswith("-") and word not in (suites if after_suite else names):
                problems.append(f"{word}: there is no such {'suite' if after_suite else 'test'}")
    for name in re.findall(r"`(fuzz-[\w-]+)`", text):
        if name not in names:
            problems.append(f"{name}: there is no such test")
    for path in re.findall(r"(?<![\w/-])((?:test|fuzz|bench)/[\w./-]*\w)", text):
        if not os.path.exists(os.path.join(source, path)):
            problems.append(f"{path}: there is no such file")
    return problems


def broken_links(path):
    problems = []
    text = read(path)
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        linked = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
        if not os.path.exists(linked):
            problems.append(f"{target}: there is no such file")
        elif anchor and anchor not in anchors(read(linked)):
            problems.append(f"{target}: there is no such heading")
    return problems


def snippets(path):
    """A block of C that begins with an include is a whole file and must compile."""
    problems = []
    for block in re.findall(r"^```c\n(#include <mirage/(?:config|functor)\.h>.*?)^```$", read(path), re.M | re.S):
        with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
            file.write(block)
            file.flush()
            done = subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", "-Ulinux", "-Uunix", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                                   "-I", os.path.join(source, "include"), "-I", source, "-I", os.path.dirname(mirage), file.name], stderr=subprocess.PIPE, text=True)
            if done.returncode:
                problems += done.stderr.splitlines()[:8]
    return problems


def unlisted():
    index = read(os.path.join(docs, "index.md"))
    return [f"{page} is not in index.md" for page in pages if page != "index.md" and f"({page})" not in index]


def outdated_picture():
    """The picture's nodes and edges; how it is laid out depends on Graphviz's version."""
    dot = subprocess.run([mirage, "describe", "--dot", os.path.join(source, "examples", "website")], stdout=subprocess.PIPE, check=True, text=True).stdout
    wanted = set(re.findall(r'^  "(\w+)" \[', dot, re.M)) | {f"{a}->{b}" for a, b in re.findall(r'^  "(\w+)" -> "(\w+)"', dot, re.M)}
    drawn = set(re.findall(r"<title>(.*?)</title>", read(os.path.join(docs, "website.svg")).replace("&#45;&gt;", "->"))) - {"website"}
    drawn |= {"website"} & wanted
    return [f"only in the {where}: {name}" for where, names in (("picture", drawn - wanted), ("composition", wanted - drawn)) for name in sorted(names)]


def main():
    texts = [os.path.join(source, "README.md")] + [os.path.join(docs, page) for page in pages]
    print(f"1..{7 + 2 * len(texts)}")
    for page in ("commands", "modules", "signatures"):
        report(current(page), f"docs/{page}.md is what mirage help --markdown writes")
    report(unlisted(), "every page is in the index")
    report(outdated_picture(), "docs/website.svg is the picture of examples/website")
    listed = subprocess.run(["meson", "introspect", "--tests", build], stdout=subprocess.PIPE, check=True, text=True).stdout
    tests = json.loads(listed)
    report(unknown_tests(read(os.path.join(docs, "testing.md")), tests), "docs/testing.md: every test, suite and path exists")
    wrong = "meson test -C build nothing --suite nowhere\n`fuzz-nobody` `test/nowhere/x.c`"
    report([] if len(unknown_tests(wrong, tests)) == 4 else unknown_tests(wrong, tests), "and one that does not would be told")
    for path in texts:
        name = os.path.relpath(path, source)
        report(broken_links(path), f"{name}: every link leads somewhere")
        report(snippets(path), f"{name}: whole files of C compile")


main()
