"""Connections by the ten thousand, at once and one after another."""

import socket
import struct
import time

from lab import Lab, LabError, until
from tap import rests
from trouble.base import Base, Crowd, ECHO, V4, V6, http, pattern


class Crowds(Base):
    def sequence(self):
        """100 000 successive connections are closed by the client, by the server, or reset. Nothing is left."""
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
            return peer.settled(first)
        return peer.settled({**first, "allocated": first["allocated"] + (256 << 10)}, "views", "pages", "fibers", "timers", "allocated")

    def one_after_another(self, sources, n):
        reset = struct.pack("ii", 1, 0)
        for i in range(n):
            with socket.socket() as s:
                s.settimeout(200)
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
        """20 000 connections at once: measures what each costs, and checks that they leave nothing."""
        n = 1000 if self.quick else 20000
        with Lab() as l:
            peer = self.peer(l, "plain")
            first, memory = peer.stats(), peer.resident()
            for turn, who in enumerate(("client", "server") if self.quick else ("client", "client", "server")):
                before = peer.stats()
                with peer.host.inside():
                    crowds = [Crowd(address, n // 4) for address in (V4, V6) * 2]
                until(lambda: peer.stats()["held"] == n, "all are accepted", 1800, 0.2)
                full, memory_full = peer.stats(), peer.process.memory()
                if turn == 0 and not self.quick:
                    # The size of the test program's own list, as malloc counts it.
                    each = (full["allocated"] - before["allocated"]) / n - 32
                    print(f"# {n} idle connections: {each:.0f} bytes of the heap each, {(memory_full - memory) / n:.0f} resident", flush=True)
                    self.tap.report(each <= 1024, f"{n} idle connections cost no more than 1 kB each", f"{each} bytes")
                self.tap.report(full["views"] <= before["views"] + 4, f"{n} idle connections hold no buffers, round {turn + 1}", str(full))
                self.tap.report(rests(peer.process.pid), "nor do they take time")
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
