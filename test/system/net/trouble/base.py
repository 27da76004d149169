"""Shared by the tests of robust.py: the program under test as a peer, crowds, exchanges, patterns."""

import multiprocessing
import os
import re
import resource
import socket
from pathlib import Path

import lab
from lab import LabError, until

HERE = Path(__file__).resolve().parent.parent
V4, V6 = "10.9.0.2", "fd09::2"
STATIC = ["--interface=tap0", "--mac=02:00:00:00:00:02", "--ipv4=10.9.0.2/24", "--ipv4-gateway=10.9.0.1", "--ipv6=fd09::2/64",
          "--ipv6-gateway=fd09::1", "--http-body-limit=1000000000", "--log=*:info"]
ECHO, DISCARD, SOURCE, HOLD, LATE = 7, 9, 19, 100, 101
SANITIZED = ["--cc=gcc", "--sanitize=address,undefined"]
VARIANTS = {
    "plain": ["--cc=clang", "--release"],
    "bad": ["--bad-line", *SANITIZED],
    "impatient": ["--patience=3000", *SANITIZED],
    "quick": ["--bad-line", "--mtu-raise=1000", *SANITIZED],
    "searching": ["--mtu-raise=1000", *SANITIZED],
}
BAD_LINE = "loss=5%,reorder=5%,duplicate=2%,corrupt=1%"
PERIOD = 65521
FIN, SYN, RST, ACK = 1, 2, 4, 16


def make_pattern():
    out, x = bytearray(), 1
    for i in range(PERIOD):
        out.append(x >> 16 & 255)
        x = (x * 1103515245 + 12345) & 0xFFFFFFFF
    return bytes(out)


def pattern(n, cycle=make_pattern()):
    return (cycle * (n // PERIOD + 1))[:n]


def http(sock, method, path):
    """Make one exchange on a connection of its own. Returns the content."""
    sock.sendall(f"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    got = b""
    while piece := sock.recv(1 << 16):
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise LabError(f"{method} {path}: {got[:200]!r}")
    return body.decode("latin-1")


def ask_on(sock, path):
    """Make one exchange on a connection that stays open. Returns the content."""
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    got = b""
    while b"\r\n\r\n" not in got or len(got) < got.index(b"\r\n\r\n") + 4 + int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", got)[1]):
        piece = sock.recv(1 << 16)
        if not piece:
            raise LabError(f"GET {path}: it ends after {got[:200]!r}")
        got += piece
    return got.partition(b"\r\n\r\n")[2].decode("latin-1")


def receive(sock, n):
    """Read exactly n bytes, or fewer when the stream ends before."""
    out = bytearray()
    while len(out) < n and (piece := sock.recv(min(n - len(out), 1 << 18))):
        out += piece
    return bytes(out)


class Crowd:
    """Connections that send nothing. They are in a process of their own, because one process may have too few descriptors."""

    def __init__(self, address, n):
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("fork").Process(target=self.run, args=(address, n, other), daemon=True)
        self.process.start()

    @staticmethod
    def run(address, n, pipe):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        socks = [socket.create_connection((address, HOLD), 600) for _ in range(n)]
        while pipe.recv() != "close":
            pipe.send(all(s.recv(10) == b"" for s in socks))
        for s in socks:
            s.close()

    def sees_end(self):
        self.pipe.send("end")
        return self.pipe.recv()

    def close(self):
        self.pipe.send("close")
        self.process.join(1200)


class Peer:
    """The program test/system/net/peer, as one namespace reaches it."""

    def __init__(self, host, binary, *words, start_in=None):
        self.host = host
        self.process = (start_in or host).start(binary, *STATIC, *words)
        until(lambda: host.answers(V4, 80) and host.answers(V6, 80), lambda: "the peer answers\n" + self.process.said(), 600)

    def ask(self, method, path):
        with self.host.connect(V4, 80, 600) as s:
            return http(s, method, path)

    def stats(self, sock=None):
        """The memory in use and the metrics, without what this request adds. `sock` is an open connection, when there is one."""
        said = ask_on(sock, "/stats") if sock else self.ask("GET", "/stats")
        lines = (line.rsplit(" ", 1) for line in said.splitlines() if not line.startswith("#"))
        return {name.partition("{")[0]: int(value) for name, value in lines}

    def settled(self, first, *names):
        """Wait until these numbers are at most those of `first`. Returns whether they are, and the last ones."""
        names = names or ("views", "pages", "fibers")
        now = {}

        def look():
            now.update(self.stats())
            return all(now[name] <= first[name] for name in names)
        try:
            until(look, "it settles", 1200, 0.2)
            return True, now
        except LabError:
            return False, {**now, "wanted": {name: first[name] for name in names}}

    def resident(self):
        """The program's memory in bytes, without what malloc() has free."""
        self.ask("POST", "/trim")
        return self.process.memory()

    def alive(self, name, tap, seconds=600):
        """Report whether the program still serves both versions of IP."""
        try:
            until(lambda: self.host.answers(V4, 80) and self.host.answers(V6, 80), "it answers", seconds)
            tap.report(True, f"{name}: it serves afterwards")
        except LabError as e:
            tap.report(False, f"{name}: it serves afterwards", f"{e}\n{self.process.said()[-4000:]}")

    def end(self, name, tap):
        lab.ends_well(tap, self.process, name)


class Base:
    """The base of the tests: programs, hosts, peers and floods."""

    def __init__(self, tap, mirage, work, flood, quick):
        self.tap, self.mirage, self.work, self.flood_program, self.quick = tap, mirage, work, flood, quick
        self.built = {}
        self.rounds = int(os.environ.get("NET_ROUNDS", 1 if quick else 4))

    def program(self, variant):
        """Build the program when it is first needed."""
        variant = "quick" if self.quick else variant
        if variant not in self.built:
            work = self.work / variant
            lab.copy_tree(HERE / "peer", work / "peer")
            self.built[variant] = lab.build(self.mirage, "peer", work, *VARIANTS[variant])
        return self.built[variant]

    def host(self, l):
        host = l.namespace()
        host.tap("tap0", "10.9.0.1/24", "fd09::1/64")
        return host

    def peer(self, l, variant, *words):
        return Peer(self.host(l), self.program(variant), *words)

    def flood(self, host, **more):
        words = {"interface": "tap0", "mac": "02:00:00:00:00:02", "to": V4, "port": 80, "flags": SYN, **more}
        return host.start(self.flood_program, *[f"--{name.replace('_', '-')}={value}" for name, value in words.items()])
