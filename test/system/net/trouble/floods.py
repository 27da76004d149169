"""Floods of SYNs while clients are connected."""

import select
import socket
import time

from lab import Lab, until
from trouble.base import Base, ECHO, Peer, SOURCE, SYN, V4


class Floods(Base):
    def syn_flood(self):
        """SYNs arrive as fast as possible. A connected client is still served, new ones can connect, and memory is bounded."""
        with Lab() as l:
            peer = self.peer(l, "plain")
            # This flood goes elsewhere. It shows what a flood costs by its use of the processors alone.
            peer.host.veth("sink0", l.namespace(), "sink1")
            peer.host.up("sink0")
            l.namespaces[-1].up("sink1")
            first, memory = peer.stats(), peer.process.memory()
            with peer.host.connect(V4, SOURCE, 600) as source, peer.host.connect(V4, ECHO, 600) as echo:
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
            with peer.host.connect(V4, 80, 600) as status:
                flood = self.flood(peer.host, seconds=600)
                until(lambda: peer.stats(status)["tcp_cookies_sent"] > 0, "cookies are sent", 600)
                time.sleep(0.5)
                admitted = self.admitted(peer.host, 400, *((80, 1) if self.quick else (8, 400)))
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
                  f"{admitted} of 400 new connections let in", flush=True)
            self.tap.report(all(rate > 0 and trips > 0 for rate, trips in figures["during"]), "a connected client is served during a SYN flood", str(figures))
            self.tap.report(admitted > 0, "new connections get in", f"{admitted} of 400")
            self.tap.report(now["tcp_cookies_good"] > 0, "by cookies", str(now))
            peer.alive("SYN flood", self.tap)
            if not self.quick:
                self.tap.report(peak < memory + (16 << 20), "memory is bounded", f"{memory} {peak}")
                # Half-open connections are given up after a minute.
                ok, now = peer.settled(first, "views", "pages", "fibers", "tap_syn_share")
                self.tap.report(ok, "a SYN flood leaves nothing", str(now))
            flood = self.flood(peer.host, seconds=600)
            time.sleep(0.5)
            peer.end("SYN flood", self.tap)
            flood.stop()
            self.killed(peer.host)

    def killed(self, host):
        """The interface outlives a program that was killed during a flood, and its filter."""
        peer = Peer(host, self.program("plain"))
        flood = self.flood(host, seconds=600)
        time.sleep(0.5)
        peer.process.kill()
        flood.stop()
        Peer(host, self.program("plain")).alive("another program after one that was killed in a SYN flood", self.tap)

    @staticmethod
    def admitted(host, n, seconds, enough):
        """Begin this many connections. Returns how many are open in time, or `enough`."""
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
        """The bytes a second that a connection transfers."""
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
