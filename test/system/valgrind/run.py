#!/usr/bin/env python3
"""10 000 connections to the website under Valgrind: no leak, and no error, false ones of its fibers' stacks included."""

import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from tap import ROOT, Tap, mirage_environment, run

CONNECTIONS = 10000
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def exchange(port, ask):
    """One connection; some ask for a page, some close at once, some leave a request half said."""
    with socket.create_connection(("127.0.0.1", port), timeout=300) as s:
        if ask == 1:
            s.sendall(REQUEST[:20])
        if ask != 0:
            return True
        s.sendall(REQUEST)
        return s.recv(12) == b"HTTP/1.1 200"


def main():
    tap = Tap()
    mirage, work = sys.argv[1], Path(sys.argv[2]).resolve()
    if shutil.which("valgrind") is None:
        print("1..0 # SKIP valgrind is not installed")
        return 0
    for name in ("examples/website", "docs"):
        shutil.rmtree(work / name, ignore_errors=True)
        shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("_build", "compile_commands.json"))
    status, _, err = run([mirage, "build", "--development", "--cc=gcc", "website"], work / "examples", mirage_environment(work))
    tap.report(status == 0, "the website builds", err)
    if status != 0:
        return tap.end()

    server = subprocess.Popen(["valgrind", "--leak-check=full",
                               "--error-exitcode=9", work / "examples/website/_build/linux/website", "--port=0"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said, listening = [], threading.Event()
    port = [0]

    def listen():
        for line in server.stdout:
            said.append(line)
            found = re.search(r"http://localhost:(\d+)|port (\d+)", line)
            if found and not port[0]:
                port[0] = int(found.group(1) or found.group(2))
                listening.set()
        listening.set()

    reader = threading.Thread(target=listen)
    reader.start()
    try:
        listening.wait(600)
        done = sum(exchange(port[0], i % 4) for i in range(CONNECTIONS)) if port[0] else 0
        tap.equal("every connection was served", done, CONNECTIONS)
        server.send_signal(signal.SIGINT)
        status = server.wait(600)
    finally:
        server.kill()
    reader.join()
    text = "".join(said)
    tap.report(status == 0, "valgrind finds nothing", f"status {status}\n{text}")
    tap.report("ERROR SUMMARY: 0 errors" in text and "warning: client switching stacks" not in text.lower(),
               "it was told about every stack", text)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
