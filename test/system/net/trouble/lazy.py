"""Peers that read slowly, answer late, or vanish."""

import socket
import threading
import time

from lab import Lab
from trouble.base import Base, ECHO, HOLD, LATE, PERIOD, Peer, SOURCE, V4, V6, pattern, receive


class Lazy(Base):
    def slow(self):
        """Windows of several connections close for a while in both directions. All bytes arrive when they open."""
        with Lab() as l:
            peer = self.peer(l, "impatient")
            first = peer.stats()
            socks = []
            for i in range(10):
                with peer.host.inside():
                    s = socket.socket(socket.AF_INET6 if i % 2 else socket.AF_INET)
                s.settimeout(600)
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
            ok, now = peer.settled(first)
            self.tap.report(ok, "slow readers leave nothing", str(now))
            self.late(peer, first)
            peer.end("slow readers", self.tap)

    def late(self, peer, first):
        """The program under test does not read."""
        n, socks, done = 8 << 20, [], []
        content = pattern(n)

        def send(s):
            s.sendall(content)
            s.shutdown(socket.SHUT_WR)
            done.append(receive(s, 100))
        for i in range(8):
            socks.append(peer.host.connect(V6 if i % 2 else V4, LATE))
            socks[-1].settimeout(1800)
        threads = [threading.Thread(target=send, args=(s,), daemon=True) for s in socks]
        for t in threads:
            t.start()
        time.sleep(5)
        held = peer.stats()
        self.tap.report(not done, "senders to one who does not read are stopped", str(done))
        print(f"# {held['pages']} pages held by 8 that do not read")
        # The kernel probes a closed window at growing intervals, so the stack must announce that it opens.
        peer.ask("POST", "/resume")
        start = time.monotonic()
        for t in threads:
            t.join(1800)
        self.tap.equal("all bytes arrive when they are read", done, [b"right %d\n" % n] * 8)
        print(f"# resumed and done in {time.monotonic() - start:.1f} s")
        for s in socks:
            s.close()
        ok, now = peer.settled(first)
        self.tap.report(ok, "slow senders leave nothing", str(now))

    def vanish(self):
        """Peers that vanish are given up. Transfers continue after a link was down for a while."""
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
            # No acknowledgements arrive. The limit is 3 s, and is checked at each retransmission.
            ok, now = peer.settled({**first, "fibers": first["fibers"] + 1, "views": first["views"] + 2, "pages": first["pages"] + 2})
            self.tap.report(ok, "peers that vanish are given up", str(now))
            router.ip("link set out0 up")
            for s in socks[:6]:
                s.settimeout(200)
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
            ok, now = peer.settled(first)
            self.tap.report(ok and peer.process.memory() < memory + (16 << 20), "peers that vanish leave nothing", str(now))
            peer.end("vanishing peers", self.tap)
