#!/usr/bin/env python3
"""Does what a page of docs/ says and compares what comes out. Prints TAP.

tutorial.py MIRAGE COMPILER PAGE

    ```c visits/config.c     the block is that file's contents
    ```console               lines that begin with "$ " are commands, the lines below what each prints
    ```console server        a program that is left running while the blocks after it are done, until the
                             next one

The port 8080 is another one here, which is free. In what is printed, "…" stands for any text, a line of it alone for any lines, and spaces in a row for
as many as there are.
"""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

mirage, compiler, page = sys.argv[1:]
FENCE = re.compile(r"^```(\w*) ?(.*?)\n(.*?)^```$", re.M | re.S)


def pattern(expected):
    parts = []
    for line in expected.splitlines(keepends=True):
        parts.append("(?:.*\n)*?" if line == "…\n" else ".*".join(re.sub(r"(\\ )+", " +", re.escape(part)) for part in line.split("…")))
    return re.compile("".join(parts) + r"\Z")


def commands(block):
    """The commands of a block, each with what it prints."""
    parts = re.split(r"^\$ (.*(?:\\\n.*)*)\n", block, flags=re.M)
    assert parts[0] == "", f"a console block begins with a command: {block}"
    return list(zip(parts[1::2], parts[2::2]))


class Server:
    def __init__(self, command, expected, folder, env):
        self.log = open(os.path.join(folder, ".server.log"), "w+")
        self.process = subprocess.Popen(["bash", "-c", "exec " + command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=subprocess.STDOUT)
        self.said, self.ok = "", False
        for _ in range(3000):
            self.log.seek(0)
            self.said = self.log.read()
            self.ok = bool(pattern(expected).match(self.said))
            if self.ok or self.process.poll() is not None:
                break
            time.sleep(0.1)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(200)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()


def free_port():
    with socket.socket() as s:
        s.bind(("", 0))
        return s.getsockname()[1]


def main():
    with open(page, encoding="utf-8") as file:
        blocks = FENCE.findall(file.read().replace("8080", str(free_port())))
    steps = []
    for language, info, text in blocks:
        if language == "console":
            steps += [("server" if info == "server" else "run", *pair) for pair in commands(text)]
        elif info:
            steps.append(("write", info, text))
    print(f"1..{len(steps)}")
    env = dict(os.environ, CC=compiler, LC_ALL="C.UTF-8", NO_COLOR="1")
    env["PATH"] = os.path.dirname(os.path.realpath(mirage)) + ":" + env["PATH"]
    env.pop("MIRAGE_ROOT", None)
    env["MIRAGE_SOURCE"] = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
    env["DEBUGINFOD_URLS"] = ""
    server = None
    with tempfile.TemporaryDirectory() as folder:
        for number, (kind, what, expected) in enumerate(steps, 1):
            said, ok = "", True
            if kind == "write":
                path = os.path.join(folder, what)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as out:
                    out.write(expected)
            elif kind == "server":
                if server:
                    server.end()
                server = Server(what, expected, folder, env)
                said, ok = server.said, server.ok
            else:
                done = subprocess.run(["bash", "-c", what], cwd=folder, env=env, stdin=subprocess.DEVNULL, timeout=1200,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                said = done.stdout
                ok = bool(pattern(expected).match(said))
            print(f"{'ok' if ok else 'not ok'} {number} - {kind} {what.splitlines()[0]}", flush=True)
            if not ok:
                for line in ("expected:\n" + expected + "printed:\n" + said).splitlines():
                    print(f"# {line}")
        if server:
            server.end()
    return 0


sys.exit(main())
