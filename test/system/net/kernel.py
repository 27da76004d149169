#!/usr/bin/env python3
"""Tests TCP with the kernel's TCP over a tap: all bytes arrive in order in both directions, over good lines and bad ones.

Usage: kernel.py MIRAGE WORK [SEEDS]
"""

import random
import shutil
import socket
import sys
import threading
from pathlib import Path

from lab import Lab, LabError, build, copy_tree, lacking, until
from tap import ROOT, Tap

HERE = Path(__file__).resolve().parent

ECHO, DISCARD, SOURCE = 5003, 5001, 5002
BAD = "loss=5%,reorder=5%,duplicate=2%,corrupt=1%,delay=3ms,jitter=2ms"


def echo(host, address, size, seed):
    """Send `size` bytes, end this side, and read the same bytes back to the end."""
    data = random.Random(seed).randbytes(size)
    with host.connect(address, ECHO) as s:
        s.settimeout(600)

        def send():
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        got = bytearray()
        while piece := s.recv(65536):
            got += piece
        sender.join()
    return bytes(got) == data


def stops_and_resumes(host, address):
    """The reader stops until the peer's window is closed, and then goes on."""
    with host.connect(address, SOURCE) as s:
        s.settimeout(300)
        for _ in range(3):
            threading.Event().wait(0.5)
            want = 8 << 20
            while want > 0:
                piece = s.recv(65536)
                if not piece:
                    return False
                want -= len(piece)
    return True


def good_line(tap, host, program):
    server = host.start(program, "--interface=tap0", "--ipv4=10.9.0.2/24", "--ipv6=fd09::2/64", "--no-dhcp")
    server.wait_for("ready")
    tap.report(until(lambda: echo(host, "10.9.0.2", 1, 1), "an answer"), "a byte and back, IPv4")
    until(lambda: host.answers("fd09::2", ECHO), "IPv6 answers")
    tap.report(echo(host, "fd09::2", 3 << 20, 2), "3 MB and back, IPv6")
    tap.report(echo(host, "10.9.0.2", 20 << 20, 3), "20 MB and back, IPv4")
    tap.report(stops_and_resumes(host, "10.9.0.2"), "a reader that stops and resumes")
    before = server.memory()
    for i in range(2000):
        if not echo(host, "10.9.0.2", 100, i):
            tap.report(False, f"connection {i}")
            break
    tap.report(server.memory() - before < 8 << 20, "2000 connections leave little behind", f"{before} to {server.memory()}")
    tap.report(server.stop() == 0, "it ends", server.said())


def bad_line(tap, host, program, seeds):
    server = host.start(program, "--interface=tap0", "--ipv4=10.9.0.2/24", "--no-dhcp", f"--fault-out={BAD}",
                        f"--fault-in={BAD}", "--fault-seed=1")
    server.wait_for("ready")
    failed = [seed for seed in range(seeds) if not echo(host, "10.9.0.2", 300000, seed)]
    tap.report(not failed, f"{seeds} transfers over a bad line", f"wrong: {failed}\n{server.said()}")
    tap.report(server.stop() == 0, "it ends", server.said())


def main():
    mirage, work, seeds = sys.argv[1], Path(sys.argv[2]).resolve(), int(sys.argv[3]) if len(sys.argv) > 3 else 10
    tap = Tap()
    reason = lacking()
    if reason:
        print(f"1..0 # skip {reason}")
        return 0
    app = work / "kernel"
    shutil.rmtree(app, ignore_errors=True)
    copy_tree(HERE / "kernel", app)
    for name in ("unikernel.c", "ports.h"):
        shutil.copy(ROOT / "bench" / "net" / "server" / name, app)
    try:
        for options in (["--release", "--sanitize=none"], ["--development", "--sanitize=address,undefined"]):
            program = build(mirage, app, work, "--net=direct", *options)
            with Lab() as lab:
                host = lab.namespace()
                host.tap("tap0", "10.9.0.1/24", "fd09::1/64")
                good_line(tap, host, program)
                bad_line(tap, host, program, seeds)
    except LabError as e:
        tap.report(False, "the laboratory", str(e))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
