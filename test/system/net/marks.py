#!/usr/bin/env python3
"""Tests the DSCP and the hop limit that an application gives to a connection, as its peer sees them on each packet: with the project's own
stack over a tap and with kernel sockets, in both versions of IP.

marks.py MIRAGE SOURCE-FOLDER WORK-FOLDER
"""

import socket
import sys
import threading
from pathlib import Path

import lab
from lab import Lab, until
from tap import Tap

OURS = ("10.9.0.2", "fd09::2")
THEIRS = ("10.9.0.1", "fd09::1")
OPENED, ACCEPTED, USUAL = (46, 9), (10, 33), (0, 64)
FIELDS = ("tcp.srcport", "tcp.dstport", "tcp.flags", "tcp.len", "ip.dsfield.dscp", "ip.ttl", "ipv6.tclass.dscp", "ipv6.hlim")


class Packet:
    """A packet that the program under test sent."""

    def __init__(self, line):
        source, destination, flags, length, *marks = line.split("\t")
        self.source, self.destination, self.flags, self.len = int(source), int(destination), int(flags, 16), int(length)
        self.marks = tuple(int(mark) for mark in marks if mark)
        self.is_syn, self.is_reset = bool(self.flags & 2), bool(self.flags & 4)

    def __repr__(self):
        return f"{self.source} to {self.destination}, flags {self.flags:#x}, {self.len} bytes: DSCP and hop limit {self.marks}"


def serve(host, address):
    """Accept one connection, take its bytes, and end this side."""
    with host.inside():
        server = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, 7))
    server.listen(1)

    def run():
        s, _ = server.accept()
        left = 200000
        while left > 0 and (piece := s.recv(65536)):
            left -= len(piece)
        s.shutdown(socket.SHUT_WR)
        until(lambda: not s.recv(1), "the reset")
    threading.Thread(target=run, daemon=True).start()
    return server


class Tests:
    def __init__(self, tap, mirage, source, work):
        self.tap, self.mirage, self.source, self.work = tap, mirage, source, work

    def build(self):
        self.programs = {}
        for net in ("direct", "socket"):
            lab.copy_tree(self.source / "test/system/net/marked", self.work / net)
            self.programs[net] = lab.build(self.mirage, net, self.work, f"--net={net}")

    def direct(self):
        """The project's own stack."""
        with Lab() as l:
            host = l.namespace()
            host.tap("tap0", *(f"{a}/{64 if ':' in a else 24}" for a in THEIRS))
            self.all(l, host, "tap0", host, "direct", "--interface=tap0", "--ipv4=10.9.0.2/24", "--ipv6=fd09::2/64")

    def sockets(self):
        """The kernel's."""
        with Lab() as l:
            host, ours = l.namespace(), l.namespace()
            host.veth("out0", ours, "in0")
            for namespace, name, addresses in ((host, "out0", THEIRS), (ours, "in0", OURS)):
                namespace.up(name, *(f"{a}/{64 if ':' in a else 24}" for a in addresses))
            self.all(l, host, "out0", ours, "socket")

    def all(self, l, host, interface, where, net, *words):
        file = l.file("packets")
        servers = [serve(host, address) for address in THEIRS]
        capture = host.capture(interface, file, "--immediate-mode", "tcp")
        program = where.start(self.programs[net], *words, *(f"--to={address}" for address in THEIRS))
        program.wait_for("^ready")
        self.tap.report(program.said().count(": success") == 2, f"{net}: both connections are opened", program.said())
        for address in OURS:
            with host.connect(address, 7) as s:
                s.sendall(b"x")
                s.settimeout(100)
                s.recv(1)
                s.sendall(b"y" * 100000)
                s.shutdown(socket.SHUT_WR)
                while s.recv(65536):
                    pass
        lab.ends_well(self.tap, program, net)
        capture.stop()
        for server in servers:
            server.close()
        for ours, theirs in zip(OURS, THEIRS):
            self.examine(host, file, net, ours)

    def examine(self, host, file, net, ours):
        field = "ipv6.src" if ":" in ours else "ip.src"
        words = [word for name in FIELDS for word in ("-e", name)]
        lines = host.run("tshark", "-r", file, "-Y", f"tcp && {field} == {ours}", "-T", "fields", *words).stdout.splitlines()
        packets = [Packet(line) for line in lines]
        opened = [p for p in packets if p.destination == 7]
        accepted = [p for p in packets if p.source == 7]
        self.tap.report(any(p.is_syn for p in opened) and any(p.is_reset for p in opened) and sum(p.len for p in opened) >= 200000,
                        f"{net}, {ours}: a SYN, bytes and a reset were seen", str(opened))
        wrong = [p for p in opened if p.marks != OPENED]
        self.tap.report(opened and not wrong, f"{net}, {ours}: all of its packets are marked as it was opened", str(wrong))
        # Up to the first packet with bytes the connection may not have been accepted yet.
        first = next((i for i, p in enumerate(accepted) if p.len > 0), len(accepted))
        wrong = [p for p in accepted[first:] if p.marks != ACCEPTED]
        wrong += [p for p in accepted[:first] if p.marks not in (ACCEPTED, USUAL)]
        self.tap.report(sum(p.len for p in accepted) >= 100001 and not wrong, f"{net}, {ours}: they are marked when it was accepted", str(wrong))


def main():
    mirage, source, work = (Path(word).resolve() for word in sys.argv[1:4])
    return lab.run_tests(Tests(Tap(), mirage, source, work), ["direct", "sockets"], "tcpdump", "tshark")


if __name__ == "__main__":
    sys.exit(main())
