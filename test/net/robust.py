#!/usr/bin/env python3
"""The project's own stack with the kernel as its peer where things go wrong: bad lines, crowds, attackers, peers that read slowly or
vanish, links that go down, paths that narrow.

robust.py MIRAGE WORK-FOLDER FLOOD [--quick] [TEST...]

--quick does less of each, with one program, whose sanitizers leave nothing to say of memory and speed.

NET_SEEDS says how many seeds of the bad line are tried; NET_SEED tries one alone, as a failure names it.
"""

import multiprocessing
import os
import random
import re
import resource
import select
import shutil
import socket
import struct
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import lab  # noqa: E402
from lab import Lab, LabError, until  # noqa: E402
from tap import Tap  # noqa: E402

V4, V6 = "10.9.0.2", "fd09::2"
STATIC = ["--interface=tap0", "--mac=02:00:00:00:00:02", "--ipv4=10.9.0.2/24", "--ipv4-gateway=10.9.0.1", "--ipv6=fd09::2/64",
          "--ipv6-gateway=fd09::1", "--http-body-limit=1000000000", "--log=*:info"]
ECHO, DISCARD, SOURCE, HOLD, LATE = 7, 9, 19, 100, 101
SANITIZED = ["--cc=gcc", "--sanitize=address,undefined"]
VARIANTS = {
    "plain": ["--cc=clang", "--release"],
    "bad": ["--bad-line", *SANITIZED],
    "impatient": ["--patience=3000", *SANITIZED],
    "quick": ["--bad-line", *SANITIZED],
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
    """One exchange that ends its connection: the content."""
    sock.sendall(f"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    got = b""
    while piece := sock.recv(1 << 16):
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise LabError(f"{method} {path}: {got[:200]!r}")
    return body.decode("latin-1")


def ask_on(sock, path):
    """One exchange of a connection that lives on: the content."""
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    got = b""
    while b"\r\n\r\n" not in got or len(got) < got.index(b"\r\n\r\n") + 4 + int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", got)[1]):
        piece = sock.recv(1 << 16)
        if not piece:
            raise LabError(f"GET {path}: it ends after {got[:200]!r}")
        got += piece
    return got.partition(b"\r\n\r\n")[2].decode("latin-1")


def receive(sock, n):
    """Exactly n bytes, or what came before the end."""
    out = bytearray()
    while len(out) < n and (piece := sock.recv(min(n - len(out), 1 << 18))):
        out += piece
    return bytes(out)


class Crowd:
    """Connections that say nothing, in a process of their own, since one may have too few descriptors for all."""

    def __init__(self, address, n):
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("fork").Process(target=self.run, args=(address, n, other), daemon=True)
        self.process.start()

    @staticmethod
    def run(address, n, pipe):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        socks = [socket.create_connection((address, HOLD), 60) for _ in range(n)]
        while pipe.recv() != "close":
            pipe.send(all(s.recv(10) == b"" for s in socks))
        for s in socks:
            s.close()

    def sees_end(self):
        self.pipe.send("end")
        return self.pipe.recv()

    def close(self):
        self.pipe.send("close")
        self.process.join(120)


class Peer:
    """The program test/net/peer, seen from one namespace."""

    def __init__(self, host, binary, *words, start_in=None):
        self.host = host
        self.process = (start_in or host).start(binary, *STATIC, *words)
        until(lambda: host.answers(V4, 80) and host.answers(V6, 80), lambda: "the peer answers\n" + self.process.said(), 60)

    def ask(self, method, path):
        with self.host.connect(V4, 80, 60) as s:
            return http(s, method, path)

    def stats(self, sock=None):
        """What is in use, and the metrics; as if nobody had asked. `sock`: a connection that is there already."""
        said = ask_on(sock, "/stats") if sock else self.ask("GET", "/stats")
        lines = (line.rsplit(" ", 1) for line in said.splitlines() if not line.startswith("#"))
        return {name.partition("{")[0]: int(value) for name, value in lines}

    def settled(self, first, seconds, *names):
        """Wait until these are as in `first` or less; what they are then, and whether they are."""
        names = names or ("views", "pages", "fibers")
        now = {}

        def look():
            now.update(self.stats())
            return all(now[name] <= first[name] for name in names)
        try:
            until(look, "it settles", seconds, 0.2)
            return True, now
        except LabError:
            return False, {**now, "wanted": {name: first[name] for name in names}}

    def resident(self):
        """Bytes of memory that it occupies, without those that malloc() has free."""
        self.ask("POST", "/trim")
        return self.process.memory()

    def alive(self, name, tap, seconds=60):
        """Report that it serves both versions still."""
        try:
            until(lambda: self.host.answers(V4, 80) and self.host.answers(V6, 80), "it answers", seconds)
            tap.report(True, f"{name}: it serves afterwards")
        except LabError as e:
            tap.report(False, f"{name}: it serves afterwards", f"{e}\n{self.process.said()[-4000:]}")

    def end(self, name, tap):
        status = self.process.stop()
        said = self.process.said()
        tap.report(status == 0 and "ERROR: " not in said and "runtime error" not in said, f"{name}: it ends well", f"{status}\n{said[-6000:]}")


class Tests:
    def __init__(self, tap, mirage, work, flood, quick):
        self.tap, self.mirage, self.work, self.flood_program, self.quick = tap, mirage, work, flood, quick
        self.built = {}
        self.rounds = int(os.environ.get("NET_ROUNDS", 1 if quick else 4))

    def program(self, variant):
        """Built when it is first needed."""
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

    # bad lines

    def faults(self):
        """Kernel peers over the bad line, each seed another one: downloads and uploads side by side, all bytes compared."""
        seeds = [int(os.environ["NET_SEED"])] if "NET_SEED" in os.environ else range(1, int(os.environ.get("NET_SEEDS", 2 if self.quick else 16)) + 1)
        for seed in seeds:
            with Lab() as l:
                delay = ",delay=5ms,jitter=4ms" if seed % 2 else ""
                peer = self.peer(l, "bad", f"--fault-seed={seed}", f"--fault-in={BAD_LINE}{delay}", f"--fault-out={BAD_LINE}{delay}")
                errors = self.transfers(l, peer, V6 if seed % 4 >= 2 else V4)
                first = {"views": 40, "pages": 40, "fibers": 12}
                ok, now = peer.settled(first, 90)
                self.tap.report(not errors and ok, f"seed {seed}: 6 downloads and 6 uploads over a bad line",
                                f"again with NET_SEED={seed}\n" + "\n".join(errors) + f"\n{now}\n{peer.process.said()[-3000:]}")
                status = peer.process.stop()
                if status != 0:
                    self.tap.report(False, f"seed {seed}: it ends well", f"{status}\n{peer.process.said()[-6000:]}")
                    return

    def transfers(self, l, peer, address, n=400000):
        at = f"http://[{address}]" if ":" in address else f"http://{address}"
        content = l.file("content")
        content.write_bytes(pattern(n))
        words = ["curl", "-s", "-S", "--max-time", "300", "--connect-timeout", "120"]
        runs = [(peer.host.start(*words, "-o", out, f"{at}/pattern/{n}"), out) for out in (l.file("got") for _ in range(6))]
        ups = [peer.host.start(*words, "-H", "Expect:", "--data-binary", f"@{content}", f"{at}/pattern") for _ in range(6)]
        errors = []
        for run, out in runs:
            status = run.wait(310)
            got = out.read_bytes() if out.exists() else b""
            if status != 0 or got != pattern(n):
                errors.append(f"download: {status}, {len(got)} of {n} bytes, {run.said()}")
        for run in ups:
            status = run.wait(310)
            if status != 0 or run.said() != f"right {n}\n":
                errors.append(f"upload: {status}, {run.said()}")
        return errors

    # crowds

    def sequence(self):
        """100 000 connections, one after the other: closed by the client, by the server, or reset; nothing is left."""
        n = 2000 if self.quick else 100000
        with Lab() as l:
            peer = self.peer(l, "plain")
            sources = ["10.9.0.1"] + [f"10.9.0.{n}" for n in range(11, 18)]
            for source in sources[1:]:
                peer.host.ip(f"addr add {source}/24 dev tap0")
            with peer.host.inside():
                self.one_after_another(sources, n // 20)
                first, memory = peer.stats(), peer.resident()
                start = time.monotonic()
                self.one_after_another(sources, n)
                spent = time.monotonic() - start
                ok, now = self.nothing_left(peer, first)
                after = peer.resident()
            print(f"# {n} connections in {spent:.1f} s; heap in use {first['allocated'] / 1e6:.3f} MB before, {now['allocated'] / 1e6:.3f} MB after; "
                  f"resident {memory / 1e6:.2f} MB before, {after / 1e6:.2f} MB after", flush=True)
            self.tap.report(ok, f"{n} connections leave nothing in use", str(now))
            if not self.quick:
                self.tap.report(after < memory + (2 << 20), "nor memory", f"{memory} before, {after} after")
            peer.alive(f"{n} connections", self.tap)
            peer.end(f"{n} connections", self.tap)

    def nothing_left(self, peer, first):
        """Whether all is given back; but the server's TIME-WAITs, which last a minute, where there is none to wait."""
        if self.quick:
            return peer.settled(first, 20)
        return peer.settled({**first, "allocated": first["allocated"] + (256 << 10)}, 120, "views", "pages", "fibers", "timers", "allocated")

    def one_after_another(self, sources, n):
        reset = struct.pack("ii", 1, 0)
        for i in range(n):
            with socket.socket() as s:
                s.settimeout(20)
                s.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
                s.bind((sources[i % len(sources)], 0))
                if i % 10 == 9:
                    s.connect((V4, 80))
                    http(s, "GET", "/pattern/100")
                    continue
                s.connect((V4, ECHO))
                s.sendall(b"echo")
                if s.recv(100) != b"echo":
                    raise LabError(f"connection {i} gave nothing back")
                if i % 10 == 8:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)

    def crowd(self):
        """20 000 connections at once: what each costs, and that they leave nothing."""
        n = 1000 if self.quick else 20000
        with Lab() as l:
            peer = self.peer(l, "plain")
            first, memory = peer.stats(), peer.resident()
            for turn, who in enumerate(("client", "server") if self.quick else ("client", "client", "server")):
                before = peer.stats()
                with peer.host.inside():
                    crowds = [Crowd(address, n // 4) for address in (V4, V6) * 2]
                until(lambda: peer.stats()["held"] == n, "all are accepted", 180, 0.2)
                full, memory_full = peer.stats(), peer.process.memory()
                if turn == 0 and not self.quick:
                    # What the test's own list takes, as malloc counts it.
                    each = (full["allocated"] - before["allocated"]) / n - 32
                    print(f"# {n} idle connections: {each:.0f} bytes of the heap each, {(memory_full - memory) / n:.0f} resident", flush=True)
                    self.tap.report(each <= 1024, f"{n} idle connections cost no more than 1 kB each", f"{each} bytes")
                self.tap.report(full["views"] <= before["views"] + 4, f"{n} idle connections hold no buffers, round {turn + 1}", str(full))
                cpu = peer.process.cpu()
                time.sleep(1)
                spent = peer.process.cpu() - cpu
                self.tap.report(spent < 0.3, "nor do they take time", f"{spent} s in a second")
                if who == "server":
                    peer.ask("POST", "/release")
                    self.tap.report(all(crowd.sees_end() for crowd in crowds), "every one of them sees the end")
                for crowd in crowds:
                    crowd.close()
                if who == "client":
                    peer.ask("POST", "/release")
                ok, now = self.nothing_left(peer, first)
                after = peer.resident()
                self.tap.report(ok, f"closed by the {who} first, they leave nothing, round {turn + 1}", str(now))
                print(f"# round {turn + 1}: heap in use {first['allocated'] / 1e6:.3f} MB before, {now['allocated'] / 1e6:.3f} MB after; resident "
                      f"{memory / 1e6:.2f} MB before, {memory_full / 1e6:.2f} MB with them, {after / 1e6:.2f} MB after", flush=True)
                if not self.quick:
                    self.tap.report(after < memory + (2 << 20), f"nor memory, round {turn + 1}", f"{memory} before, {after} now")
            peer.end(f"{n} connections", self.tap)

    # attackers

    def syn_flood(self):
        """SYNs from everywhere, as fast as they go: a connected client is served on, new ones get in, memory is bounded."""
        with Lab() as l:
            peer = self.peer(l, "plain")
            # For what a flood costs as a neighbour on the same processors, when it goes elsewhere.
            peer.host.veth("sink0", l.namespace(), "sink1")
            peer.host.up("sink0")
            l.namespaces[-1].up("sink1")
            first, memory = peer.stats(), peer.process.memory()
            with peer.host.connect(V4, SOURCE, 60) as source, peer.host.connect(V4, ECHO, 60) as echo:
                # One round's order after the other, since what else the machine does changes all the time.
                figures = {"alone": [], "beside": [], "during": []}
                for _ in range(self.rounds):
                    for when, interface in (("alone", None), ("beside", "sink0"), ("during", "tap0")):
                        flood = interface and self.flood(peer.host, interface=interface, seconds=600)
                        if flood:
                            flood.wait_for("begins")
                            time.sleep(0.2)
                        figures[when].append((self.rate(source, 0.5) / 1e6, self.trips(echo, 0.5)))
                        if flood:
                            flood.stop()
            with peer.host.connect(V4, 80, 60) as status:
                flood = self.flood(peer.host, seconds=600)
                until(lambda: peer.stats(status)["tcp_cookies_sent"] > 0, "cookies are sent", 60)
                time.sleep(0.5)
                admitted = self.admitted(peer.host, 400, 8, 1 if self.quick else 400)
                share = peer.stats(status)["tap_syn_share"]
                peak = peer.process.memory()
                flood.stop()
            now = peer.stats()
            print(f"# SYN flood: {flood.said().split(chr(10))[1]}, one of {share} let in", flush=True)
            for i, what in enumerate(("bulk, MB/s", "round trips a second")):
                x, y, z = (max(pair[i] for pair in figures[when]) for when in figures)
                print(f"# {what}: {x:.0f} alone, {y:.0f} beside a flood of somebody else, {z:.0f} during it, ratios {z / x:.2f} and {z / y:.2f}", flush=True)
            print(f"# {figures}")
            print(f"# memory: {memory / 1e6:.2f} MB before, {peak / 1e6:.2f} MB during; {now['tcp_cookies_sent']} cookies sent; "
                  f"{admitted} of 400 new connections within 8 s", flush=True)
            self.tap.report(all(rate > 0 and trips > 0 for rate, trips in figures["during"]), "a connected client is served during a SYN flood", str(figures))
            self.tap.report(admitted > 0, "new connections get in", f"{admitted} of 400")
            self.tap.report(now["tcp_cookies_good"] > 0, "by cookies", str(now))
            peer.alive("SYN flood", self.tap)
            if not self.quick:
                self.tap.report(peak < memory + (16 << 20), "memory is bounded", f"{memory} {peak}")
                # The half-open ones are given up after a minute.
                ok, now = peer.settled(first, 120, "views", "pages", "fibers", "tap_syn_share")
                self.tap.report(ok, "a SYN flood leaves nothing", str(now))
            flood = self.flood(peer.host, seconds=600)
            time.sleep(0.5)
            peer.end("SYN flood", self.tap)
            flood.stop()
            self.killed(peer.host)

    def killed(self, host):
        """The interface outlives a program that was killed in a flood, and the filter that it had set."""
        peer = Peer(host, self.program("plain"))
        flood = self.flood(host, seconds=600)
        time.sleep(0.5)
        peer.process.kill()
        flood.stop()
        Peer(host, self.program("plain")).alive("another program after one that was killed in a SYN flood", self.tap)

    @staticmethod
    def admitted(host, n, seconds, enough):
        """How many of so many connections that begin now are there in time, or `enough`."""
        poll, socks, there = select.poll(), {}, 0
        with host.inside():
            for _ in range(n):
                s = socket.socket()
                s.setblocking(False)
                s.connect_ex((V4, 80))
                poll.register(s, select.POLLOUT)
                socks[s.fileno()] = s
        end = time.monotonic() + seconds
        while socks and there < enough and (left := end - time.monotonic()) > 0:
            for fd, _ in poll.poll(left * 1000):
                poll.unregister(fd)
                s = socks.pop(fd)
                there += s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
                s.close()
        for s in socks.values():
            s.close()
        return there

    @staticmethod
    def quietly(check):
        try:
            return bool(check())
        except OSError:
            return False

    @staticmethod
    def rate(sock, seconds):
        """Bytes a second that a connection brings."""
        start, total, room = time.monotonic(), 0, bytearray(1 << 20)
        while (spent := time.monotonic() - start) < seconds:
            total += sock.recv_into(room)
        return total / spent

    @staticmethod
    def trips(sock, seconds):
        start, total = time.monotonic(), 0
        while (spent := time.monotonic() - start) < seconds:
            sock.sendall(b"x")
            total += len(sock.recv(1))
        return total / spent

    def storms(self):
        """Segments of an attacker who knows both ends of a connection, but not its numbers; and of one who knows nothing."""
        with Lab() as l:
            peer = self.peer(l, "impatient")
            first = peer.stats()
            n, rate = (5000, 20000) if self.quick else (50000, 50000)
            with peer.host.connect(V4, ECHO, 60) as s:
                for name, flags in (("RST", RST), ("SYN", SYN), ("RST ACK", RST | ACK), ("ACK", ACK), ("FIN ACK", FIN | ACK), ("SYN ACK", SYN | ACK), ("none", 0)):
                    flood = self.flood(peer.host, port=ECHO, flags=flags, **{"from": "10.9.0.1"}, from_port=s.getsockname()[1], count=n, rate=rate)
                    good = 0
                    while flood.alive():
                        s.sendall(b"0123456789")
                        good += receive(s, 10) == b"0123456789"
                    s.sendall(b"0123456789")
                    good += receive(s, 10) == b"0123456789"
                    self.tap.report(good > 0 and flood.wait(60) == 0, f"a connection lives through blind segments, {name}", flood.said())
            for flags in (RST, ACK, FIN | ACK, SYN | ACK, 0, 255):
                flood = self.flood(peer.host, flags=flags, count=n // 2, rate=rate)
                self.tap.report(flood.wait(60) == 0, f"segments for no connection, flags {flags}", flood.said())
            peer.alive("storms", self.tap)
            ok, now = peer.settled(first, 60)
            self.tap.report(ok, "storms leave nothing", str(now))
            peer.end("storms", self.tap)

    def scans(self):
        """nmap: which ports are open, by all its ways of asking, which programs are behind them, which system it is."""
        if not shutil.which("nmap"):
            self.tap.skip("scans", "not installed: nmap")
            return
        with Lab() as l:
            peer = self.peer(l, "impatient")
            first = peer.stats()
            for address in (V4, V6):
                self.scan(peer, f"SYNs to {address}", address, "-sS", "-p1-1024", opened={ECHO, DISCARD, SOURCE, 80, HOLD, LATE})
                if self.quick:
                    continue
                # It asks an open and a closed port for all that systems differ in, with flags and options that nobody sends.
                said = self.scan(peer, f"which system {address} is", address, "-sS", "-O", "-p7,9,81", opened={ECHO, DISCARD}, options=("-v",))
                # A host whose numbers can be guessed is told so.
                guess = re.search(r"TCP Sequence Prediction: Difficulty=(\d+)", said)
                if address == V4:
                    self.tap.report(guess and int(guess[1]) >= 200, "its sequence numbers are hard to guess", said)
            if not self.quick:
                self.scan(peer, "connections", V4, "-sT", "-p1-1024", opened={ECHO, DISCARD, SOURCE, 80, HOLD, LATE})
                self.scan(peer, "UDP", V4, "-sU", "-p1-40", opened=set())
                self.scan(peer, "which programs", V4, "-sV", "-p7,80", opened={ECHO, 80})
                self.scan(peer, "SYNs in fragments of 8 bytes", V4, "-sS", "-f", "-p1-100", opened={ECHO, DISCARD, SOURCE, 80, HOLD})
                # No answer tells these an open port from one that is filtered.
                for way in ("-sN", "-sF", "-sX"):
                    self.scan(peer, f"segments of {way}", V4, way, "-p1-100", opened={ECHO, DISCARD, SOURCE, 80, HOLD}, states="open|filtered")
                for way, states in (("-sA", "unfiltered"), ("-sM", "closed")):
                    self.scan(peer, f"segments of {way}", V4, way, "-p1-100", opened=set(range(1, 101)), states=states)
                self.scan(peer, "protocols of IP", V4, "-sO", "-p1,6,17,47,255", opened={1, 6, 17}, states="open", at_least=True)
            # The two that do not read have not seen that their peer is gone.
            for path in ("/release", "/resume"):
                peer.ask("POST", path)
            peer.alive("scans", self.tap)
            ok, now = peer.settled(first, 90)
            self.tap.report(ok, "scans leave nothing", str(now))
            peer.end("scans", self.tap)

    def scan(self, peer, name, address, *words, opened, states="open", at_least=False, options=()):
        out = peer.host.lab.file("scan")
        words = [*(["-6"] if ":" in address else []), "-n", "-Pn", "-T4", "--max-retries", "10", "-oG", out, *options, *words, address]
        done = peer.host.run("nmap", *words, check=False, seconds=300)
        said = done.stdout + done.stderr
        found = {int(port) for port, state in re.findall(r"(\d+)/([a-z|]+)/", out.read_text()) if state == states}
        good = found >= opened if at_least else found == opened
        # Most in one state are only counted.
        if len(opened) == 100:
            good = f" 100 {states} tcp ports" in said
        self.tap.report(done.returncode == 0 and good, f"nmap: {name}", f"{found}\n{said}")
        return said

    def garbage(self):
        """Frames of noise, and real ones with some bytes changed, lengths too."""
        dice = random.Random(9)
        with Lab() as l:
            peer = self.peer(l, "impatient")
            host = peer.host
            first = peer.stats()
            with host.inside():
                tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
                tap.bind(("tap0", 3))
            tap.settimeout(1)
            seeds = []
            for act in (lambda: host.answers(V4, 80), lambda: host.answers(V6, 80), lambda: host.run("ping", "-c1", "-s3000", V4),
                        lambda: host.run("ping", "-c1", "-s3000", V6), lambda: host.run("ping", "-c1", "ff02::1%tap0"),
                        lambda: host.ip("neigh flush dev tap0"), lambda: host.answers(V4, 81), lambda: host.answers(V6, 80)):
                self.quietly(act)
            with host.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.sendto(b"x" * 100, (V4, 53))
            try:
                while len(seeds) < 400:
                    frame, address = tap.recvfrom(70000)
                    if address[2] == socket.PACKET_OUTGOING and len(frame) <= 1514:
                        seeds.append(frame)
            except TimeoutError:
                pass
            sent, end = 0, time.monotonic() + 30
            while sent < (5000 if self.quick else 60000) and time.monotonic() < end:
                if dice.random() < 0.2:
                    frame = b"\x02\0\0\0\0\x02" + dice.randbytes(6) + dice.choice((b"\x08\0", b"\x86\xdd", b"\x08\x06", b"\x81\0", dice.randbytes(2)))
                    frame += dice.randbytes(dice.randrange(1501))
                else:
                    frame = bytearray(dice.choice(seeds))
                    for _ in range(dice.randrange(1, 5)):
                        frame[dice.randrange(12, len(frame))] = dice.randrange(256)
                    if dice.random() < 0.2:
                        del frame[dice.randrange(14, len(frame)):]
                    self.sum(frame)
                try:
                    tap.send(frame)
                except OSError:
                    continue
                sent += 1
                # At a rate that it can read, so that all of them arrive.
                if sent % 100 == 0:
                    time.sleep(0.01)
            self.tap.report(peer.process.alive() and sent > 100, f"it lives through frames of noise, made from {len(seeds)} real ones", peer.process.said()[-4000:])
            print(f"# {sent} frames")
            # Forged addresses of neighbours, routers and paths among them are forgotten, or found wrong.
            if not self.quick:
                peer.alive("noise", self.tap, 90)
                ok, now = peer.settled(first, 120)
                self.tap.report(ok, "noise leaves nothing", str(now))
            peer.end("noise", self.tap)

    @staticmethod
    def sum(frame):
        """Make the header's checksum right again, most of the time, so that what is behind it is looked at."""
        if frame[12:14] != b"\x08\0" or len(frame) < 34:
            return
        n = (frame[14] & 15) * 4
        if n < 20 or len(frame) < 14 + n:
            return
        frame[24:26] = b"\0\0"
        total = sum(struct.unpack(f"!{n // 2}H", frame[14:14 + n]))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        frame[24:26] = struct.pack("!H", 0xFFFF & ~total)

    def fragments(self):
        """Fragments in any order make a packet; overlapping and endless ones make none, and hold little memory."""
        with Lab() as l:
            peer = self.peer(l, "impatient")
            first = peer.stats()
            raw = self.raw(peer.host)
            whole = bytes(3008)

            def pieces(*spans):
                return [(slice(a, b), a, b < len(whole)) for a, b in spans]
            cases = {
                "in order": (pieces((0, 1000), (1000, 2000), (2000, 3008)), True),
                "backwards": (pieces((2000, 3008), (1000, 2000), (0, 1000)), True),
                "with a twin": (pieces((0, 1000), (1000, 2000), (1000, 2000), (2000, 3008)), None),
                "with a hole": (pieces((0, 1000), (2000, 3008)), False),
                "without an end": (pieces((0, 1000), (1000, 2000)), False),
                "overlapping": (pieces((0, 1000), (800, 2000), (2000, 3008)), False),
                "one within another": (pieces((0, 2000), (800, 1600), (2000, 3008)), False),
                "beyond 65535 bytes": ([(slice(8, 1008), 65000, False), (slice(0, 1000), 0, True)], False),
                "with two ends": (pieces((0, 1000), (2000, 3008)) + [(slice(8, 108), 1000, False)], False),
            }
            for number, (name, (parts, answered)) in enumerate(cases.items()):
                whole = self.echo_request(3000, number)
                for part, offset, more in parts:
                    self.send_fragment(raw, 1000 + number, whole[part], offset, more)
                got = self.echo_reply(raw, whole, 20 if answered else 0.3)
                self.tap.report(answered is None or got == answered, f"fragments {name} are {'answered' if answered else 'taken' if answered is None else 'dropped'}", str(got))
            for i in range(3000 if self.quick else 30000):
                self.send_fragment(raw, i & 0xFFFF, whole[:1000], 0, True, f"10.9.0.{i // 0xFFFF + 20}")
                if i % 100 == 0:
                    time.sleep(0.005)
            pages = peer.stats()["pages"]
            self.tap.report(pages < 5000, "beginnings of packets hold little", f"{pages} pages")
            print(f"# {pages} pages held")
            self.send_fragment(raw, 7, whole[1000:], 1000, False)
            self.send_fragment(raw, 7, whole[:1000], 0, True)
            peer.alive("fragments", self.tap)
            if not self.quick:
                ok, now = peer.settled(first, 120)
                self.tap.report(ok, "fragments leave nothing", str(now))
            peer.end("fragments", self.tap)

    @staticmethod
    def raw(host):
        with host.inside():
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            replies = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        return raw, replies

    @staticmethod
    def echo_request(n, number):
        data = bytearray(struct.pack("!BBHHH", 8, 0, 0, 77, number) + pattern(n))
        total = sum(struct.unpack(f"!{len(data) // 2}H", data))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        data[2:4] = struct.pack("!H", 0xFFFF & ~total)
        return bytes(data)

    @staticmethod
    def send_fragment(raw, ident, data, offset, more, source="10.9.0.1"):
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), ident, (0x2000 if more else 0) | offset // 8, 64, 1, 0,
                           socket.inet_aton(source), socket.inet_aton(V4))
        # A raw socket may refuse what does not add up, which is a case less.
        try:
            raw[0].sendto(head + data, (V4, 0))
        except OSError:
            pass

    @staticmethod
    def echo_reply(raw, whole, seconds):
        raw[1].settimeout(seconds)
        try:
            while True:
                packet = raw[1].recv(70000)
                if packet[20] == 0 and packet[24:28] == whole[4:8]:
                    return packet[28:] == whole[8:]
        except TimeoutError:
            return False

    # slow ones

    def slow(self):
        """Windows that close for a while, both ways, several at once: all bytes arrive when they open."""
        with Lab() as l:
            peer = self.peer(l, "impatient")
            first = peer.stats()
            socks = []
            for i in range(10):
                with peer.host.inside():
                    s = socket.socket(socket.AF_INET6 if i % 2 else socket.AF_INET)
                s.settimeout(60)
                # The smallest windows, and some that the kernel chooses.
                if i % 3:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096 * i)
                s.connect((V6 if i % 2 else V4, SOURCE))
                socks.append(s)
            # Longer than the patience with peers that do not acknowledge: these do.
            time.sleep(5)
            good = [receive(s, 500000) == pattern(500000) for s in socks]
            self.tap.report(all(good), "readers that slept for 5 s get all bytes", str(good))
            drips = bytearray()
            for _ in range(200):
                drips += socks[1].recv(500)
                time.sleep(0.005)
            drips += receive(socks[1], 300000 - len(drips))
            at = 500000 % PERIOD
            self.tap.report(drips == pattern(at + 300000)[at:], "so does one that reads in drips")
            for s in socks:
                s.close()
            ok, now = peer.settled(first, 60)
            self.tap.report(ok, "slow readers leave nothing", str(now))
            self.late(peer, first)
            peer.end("slow readers", self.tap)

    def late(self, peer, first):
        """The program is the one that does not read."""
        n, socks, done = 8 << 20, [], []
        content = pattern(n)

        def send(s):
            s.sendall(content)
            s.shutdown(socket.SHUT_WR)
            done.append(receive(s, 100))
        for i in range(8):
            socks.append(peer.host.connect(V6 if i % 2 else V4, LATE))
            socks[-1].settimeout(180)
        threads = [threading.Thread(target=send, args=(s,), daemon=True) for s in socks]
        for t in threads:
            t.start()
        time.sleep(5)
        held = peer.stats()
        self.tap.report(not done, "senders to one who does not read are stopped", str(done))
        print(f"# {held['pages']} pages held by 8 that do not read")
        # The kernel's probes of closed windows come ever more seldom; the window's opening must tell it.
        peer.ask("POST", "/resume")
        start = time.monotonic()
        for t in threads:
            t.join(180)
        self.tap.equal("all bytes arrive when they are read", done, [b"right %d\n" % n] * 8)
        print(f"# resumed and done in {time.monotonic() - start:.1f} s")
        for s in socks:
            s.close()
        ok, now = peer.settled(first, 60)
        self.tap.report(ok, "slow senders leave nothing", str(now))

    def vanish(self):
        """Peers that are gone from one moment to the next are given up; a link that was down for a while is taken up again."""
        with Lab() as l:
            router, client = l.namespace(), l.namespace()
            router.ip("tuntap add dev tap0 mode tap")
            router.up("tap0")
            router.veth("out0", client, "in0")
            router.up("out0")
            router.bridge("br0", "tap0", "out0")
            router.up("br0", "10.9.0.1/24", "fd09::1/64")
            client.up("in0", "10.9.0.5/24", "fd09::5/64")
            peer = Peer(router, self.program("impatient"))
            first = peer.stats()
            socks = [client.connect(V6 if i % 2 else V4, port) for i, port in enumerate([SOURCE] * 6 + [ECHO, HOLD])]
            for s in socks[:6]:
                receive(s, 100000)
            memory = peer.process.memory()
            router.ip("link set out0 down")
            # Acknowledgements stay away: patience is 3 s, and is noticed at a retransmission.
            ok, now = peer.settled({**first, "fibers": first["fibers"] + 1, "views": first["views"] + 2, "pages": first["pages"] + 2}, 90)
            self.tap.report(ok, "peers that vanish are given up", str(now))
            router.ip("link set out0 up")
            for s in socks[:6]:
                s.settimeout(20)
                got = 0
                try:
                    while piece := s.recv(1 << 20):
                        got += len(piece)
                    ended = "an end"
                except ConnectionResetError:
                    ended = "a reset"
                except TimeoutError:
                    ended = "nothing"
                # What it holds it may read; then it has nothing outstanding, and only its own probes could tell it.
                if ended == "an end":
                    self.tap.report(False, "a connection that was given up does not end as if it were whole", f"{got}")
            with client.inside():
                socks[6].sendall(b"hello")
                self.tap.equal("one that was idle lives on", receive(socks[6], 5), b"hello")
            for s in socks:
                s.close()
            peer.ask("POST", "/release")
            ok, now = peer.settled(first, 60)
            self.tap.report(ok and peer.process.memory() < memory + (16 << 20), "peers that vanish leave nothing", str(now))
            peer.end("vanishing peers", self.tap)

    def down(self):
        """The link goes down and comes up in the middle of transfers both ways."""
        with Lab() as l:
            peer = self.peer(l, "plain")
            n = (10 if self.quick else 100) << 20
            content = pattern(n)
            out, begun = {}, threading.Event()

            def take(address):
                with peer.host.connect(address, 80, 240) as s:
                    s.sendall(b"GET /pattern/%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % n)
                    head = receive(s, 1000)
                    begun.set()
                    out["down", address] = (head + receive(s, n + 10000)).partition(b"\r\n\r\n")[2] == content

            def give(address):
                with peer.host.connect(address, 80, 240) as s:
                    s.sendall(b"POST /pattern HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % n + content)
                    out["up", address] = receive(s, 10000).endswith(b"right %d\n" % n)
            threads = [threading.Thread(target=f, args=(a,), daemon=True) for f in (take, give) for a in (V4, V6)]
            for t in threads:
                t.start()
            for _ in range(2):
                begun.wait(60)
                time.sleep(0.02)
                peer.host.ip("link set tap0 down")
                print(f"# {4 - len(out)} of 4 transfers go on when the link goes down", flush=True)
                cpu = peer.process.cpu()
                time.sleep(1)
                spent = peer.process.cpu() - cpu
                self.tap.report(spent < 0.5, "a link that is down costs no time", f"{spent} s in a second")
                peer.host.ip("link set tap0 up")
                # The kernel forgets its IPv6 addresses with the link.
                peer.host.ip("addr replace fd09::1/64 dev tap0 nodad")
            for t in threads:
                t.join(300)
            # The kernel drops connections from an address that it lost only when it must.
            self.tap.equal("transfers go on when the link is up again", out, {(w, a): True for w in ("down", "up") for a in (V4, V6)})
            peer.alive("a link that was down", self.tap)
            peer.end("a link that was down", self.tap)

    # narrow paths

    def narrow(self):
        """Routers that say how large packets may be, and bridges that say nothing."""
        with Lab() as l:
            router, client = l.namespace(), l.namespace()
            router.tap("tap0", "10.9.0.1/24", "fd09::1/64")
            router.veth("out0", client, "in0")
            router.up("out0", "10.8.0.1/24", "fd08::1/64", mtu=1300)
            client.up("in0", "10.8.0.2/24", "fd08::2/64")
            client.ip("route add default via 10.8.0.1")
            client.ip("-6 route add default via fd08::1")
            for name in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
                router.sysctl(name, 1)
            peer = Peer(router, self.program("plain"))
            for address in (V4, V6):
                self.through(client, address, f"a path of 1300 bytes to {address}")
            router.ip("link set out0 mtu 1280")
            for address in (V4, V6):
                self.through(client, address, f"one of 1280 bytes to {address}")
            # In the middle of a transfer, and below what IPv6 may have.
            with client.connect(V4, SOURCE, 60) as s:
                receive(s, 1000000)
                router.ip("link set out0 mtu 700")
                at = 1000000 % PERIOD
                self.tap.report(receive(s, 3000000) == pattern(at + 3000000)[at:], "a path that narrows to 700 bytes meanwhile")
            self.tap.report(peer.stats()["tcp_black_holes"] == 0, "none of them was taken for a black hole")
            peer.end("paths that tell their MTU", self.tap)
        if self.quick:
            return
        with Lab() as l:
            # Two switches with a narrow cable between them, in namespaces that have no addresses to speak with.
            near, far, client = l.namespace(), l.namespace(), l.namespace()
            near.ip("tuntap add dev tap0 mode tap")
            near.veth("narrow", far, "narrow")
            far.veth("out0", client, "in0")
            for switch, ports in ((near, ("tap0", "narrow")), (far, ("narrow", "out0"))):
                switch.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
                for name in ports:
                    switch.up(name, mtu=1300 if name == "narrow" else None)
                    switch.split_here(name)
                switch.bridge("br0", *ports)
            client.up("in0", "10.9.0.1/24", "fd09::1/64")
            client.split_here("in0")
            client.sysctl("net.ipv4.tcp_mtu_probing", 1)
            peer = Peer(client, self.program("plain"), start_in=near)
            for address in (V4, V6):
                ping = client.run("ping", "-c1", "-W1", "-M", "do", "-s1400", address, check=False).stdout
                self.tap.report(" 0 received" in ping, f"the black hole before {address} is one", ping)
                before = peer.stats()["tcp_black_holes"]
                self.through(client, address, f"a black hole before {address}")
                self.tap.report(peer.stats()["tcp_black_holes"] > before, f"{address} found it", f"{before}")
            peer.end("black holes", self.tap)

    def through(self, client, address, name, n=2000000):
        start = time.monotonic()
        try:
            with client.connect(address, 80, 240) as s:
                s.sendall(b"GET /pattern/%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % n)
                good = receive(s, n + 10000).partition(b"\r\n\r\n")[2] == pattern(n)
            with client.connect(address, 80, 240) as s:
                s.sendall(b"POST /pattern HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % n + pattern(n))
                good = good and receive(s, 10000).endswith(b"right %d\n" % n)
        except OSError as e:
            good = False
            name += f", {e}"
        self.tap.report(good, f"{name}: transfers get through")
        print(f"# {name}: {time.monotonic() - start:.1f} s", flush=True)


TESTS = ["faults", "sequence", "crowd", "syn_flood", "storms", "scans", "garbage", "fragments", "slow", "vanish", "down", "narrow"]


def main():
    mirage, work, flood = (Path(word).resolve() for word in sys.argv[1:4])
    reason = lab.lacking("curl", "ping", "prlimit")
    if reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    tap = Tap()
    words = sys.argv[4:]
    tests = Tests(tap, mirage, work, flood, "--quick" in words)
    for name in [word for word in words if word != "--quick"] or TESTS:
        try:
            getattr(tests, name)()
        except (LabError, OSError) as e:
            tap.report(False, f"{name}: nothing stops it", f"{type(e).__name__}: {e}")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
