"""Connections whose bytes come singly, each in a page of its own, over the tap: what they hold, and whether it comes back."""

import random
import re
import time
from pathlib import Path

from lab import Lab, LabError, until
from trouble.base import Base, DISCARD, ECHO, HOLD, V4
from trouble.station import Station

MEGABYTE = 1 << 20
MOST = 4 * MEGABYTE     # of more resident memory than before
EACH = 256 << 10        # that each connection more adds: twice the key sparse_max
SPAN = 60000            # the first window of a connection
BATCH = 200             # segments of which the queue of the tap has room for several

# Where the i-th segment lies behind the next byte that the program expects, and how long it is.
ORDERS = {
    "each byte": lambda i: (1 + i % SPAN, 1),
    "every other byte": lambda i: (1 + 2 * i % SPAN, 1),
    "from the end": lambda i: (SPAN - 2 * i % SPAN, 1),
    "in any order": lambda i: (1 + random.randrange(SPAN), 1),
    "overlapping": lambda i: (1 + 2 * i % SPAN, 3),
    "overlapping in any order": lambda i: (1 + random.randrange(SPAN), 1 + i % 40),
    "holes that are filled": lambda i: (1 + i // 1000 * 1000 % SPAN + (2 * (i % 1000) if i % 1000 < 500 else 2 * (i % 1000 - 500) + 1), 1),
}
REQUEST = b"POST /pattern HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n"


def resident(process):
    text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Rss:\s+(\d+) kB", text, re.M)[1]) * 1024


class Sparse(Base):
    def sparse(self):
        """250 000 segments of a byte add at most 4 MB, in any order, whether or not the application reads, and it comes back."""
        n = 5000 if self.quick else 250000
        with Lab() as l:
            peer = self.peer(l, "plain")
            station = Station(peer.host, V4)
            self.first = peer.stats()
            ends = ("reset", "FIN", "abort")
            for turn, (name, order) in enumerate(ORDERS.items()):
                if self.quick and turn % 3:
                    continue
                for way, (who, port, payload) in enumerate((("read", ECHO, b""), ("not read", HOLD, b""), ("a request's content", 80, REQUEST))):
                    # Only what the application holds can be aborted by it.
                    how = "abort" if port == HOLD and turn % 2 == 0 else ends[(turn + way) % 2]
                    self.attack(peer, station, f"{name}, {who}", [(port, payload)], order, n, how)
            # In order, so that the window closes: the program answers, and the rest is out of the window.
            self.attack(peer, station, "in order, not read", [(HOLD, b"")], lambda i: (i % SPAN, 1), n, "abort")
            self.attack(peer, station, "in order, read", [(DISCARD, b"")], lambda i: (i, 1), n, "FIN")
            several = [(port, payload) for port, payload in ((DISCARD, b""), (HOLD, b""), (80, REQUEST)) for _ in range(10)]
            self.attack(peer, station, "on 30 connections", several, ORDERS["every other byte"], n, "reset")
            if not self.quick:
                self.attack(peer, station, "on 300 connections", several * 10, ORDERS["in any order"], n, "reset")
            peer.alive("sparse segments", self.tap)
            ok, now = peer.settled(self.first)
            self.tap.report(ok, "sparse segments leave nothing", str(now))
            peer.end("sparse segments", self.tap)

    def quiet(self, peer):
        """The program's memory when it has given back what it does not need."""
        peer.settled(self.first)
        time.sleep(0 if self.sanitized else 2.5)
        return resident(peer.process)

    def attack(self, peer, station, name, ports, order, n, how):
        most = MOST + (len(ports) - 1) * EACH
        # A megabyte of free pages and one of the heap's buffers stay warm.
        warm = 3 * MEGABYTE // 2 if len(ports) == 1 else 4 * MEGABYTE
        before = self.quiet(peer)
        segments = peer.stats()["tcp_segments_in"]
        connections = [station.connect(port, payload=payload, source_port=10000 + i) for i, (port, payload) in enumerate(ports)]
        senders = [connection.single_bytes() for connection in connections]
        peak = before
        with peer.host.connect(V4, ECHO, 600) as other:
            for i in range(n):
                at, size = order(i // len(senders))
                senders[i % len(senders)](at, size)
                if i % BATCH == BATCH - 1:
                    # The program has read what was sent before this.
                    other.sendall(b"x")
                    other.recv(1)
                if i % 10000 == 9999:
                    station.introduce()
                    peak = max(peak, resident(peer.process))
        arrived = peer.stats()["tcp_segments_in"] - segments
        peak = max(peak, resident(peer.process))
        self.end_all(peer, connections, how)
        left, now = peer.settled(self.first)
        try:
            until(lambda: self.sanitized or resident(peer.process) < before + warm, "memory comes back", 100, 0.2)
        except LabError:
            left = False
        after = resident(peer.process)
        print(f"# {name}, then {how}: {before / 1e6:.2f} MB before, {peak / 1e6:.2f} at the peak, {after / 1e6:.2f} after; {arrived} of {n} arrived; "
              f"{now['tcp_collapsed']} times collapsed", flush=True)
        self.tap.report(arrived >= n * 0.99, f"{name}: the segments arrive", f"{arrived} of {n}")
        self.tap.report(peak < before + most or self.sanitized, f"{name}: little memory", f"{before} before, {peak} at the peak")
        self.tap.report(left, f"{name}: it comes back after {how}", f"{before} before, {peak} at the peak, {after} after\n{now}\nwanted {self.first}")

    def end_all(self, peer, connections, how):
        for connection in connections:
            if how == "reset":
                connection.agree()
                connection.reset()
            elif how == "FIN":
                connection.agree()
                connection.finish()
        # The application has not noticed the end of those that it does not read, and closes them with bytes unread.
        peer.ask("POST", "/release")
        for connection in connections:
            connection.close()

    @property
    def sanitized(self):
        """A sanitizer keeps what was freed."""
        return self.quick
