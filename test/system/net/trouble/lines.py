"""Bad lines, links that go down, paths that narrow."""

import os
import socket
import sys
import threading
import time

from lab import Lab, LabError, until
from tap import rests
from trouble.base import Base, BAD_LINE, PERIOD, Peer, SOURCE, V4, V6, http, pattern, receive


class Lines(Base):
    def faults(self):
        """Kernel peers download and upload at once over a bad line, with many seeds. All bytes are compared."""
        seeds = [int(os.environ["NET_SEED"])] if "NET_SEED" in os.environ else range(1, int(os.environ.get("NET_SEEDS", 2 if self.quick else 16)) + 1)
        for seed in seeds:
            with Lab() as l:
                delay = ",delay=5ms,jitter=4ms" if seed % 2 else ""
                peer = self.peer(l, "bad", f"--fault-seed={seed}", f"--fault-in={BAD_LINE}{delay}", f"--fault-out={BAD_LINE}{delay}")
                errors = self.transfers(l, peer, V6 if seed % 4 >= 2 else V4)
                first = {"views": 40, "pages": 40, "fibers": 12}
                ok, now = peer.settled(first)
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
        words = ["curl", "-s", "-S", "--max-time", "3000", "--connect-timeout", "1200"]
        runs = [(peer.host.start(*words, "-o", out, f"{at}/pattern/{n}"), out) for out in (l.file("got") for _ in range(6))]
        ups = [peer.host.start(*words, "-H", "Expect:", "--data-binary", f"@{content}", f"{at}/pattern") for _ in range(6)]
        errors = []
        for run, out in runs:
            status = run.wait(3100)
            got = out.read_bytes() if out.exists() else b""
            if status != 0 or got != pattern(n):
                errors.append(f"download: {status}, {len(got)} of {n} bytes, {run.said()}")
        for run in ups:
            status = run.wait(3100)
            if status != 0 or run.said() != f"right {n}\n":
                errors.append(f"upload: {status}, {run.said()}")
        return errors

    def down(self):
        """The link goes down and up during transfers in both directions."""
        with Lab() as l:
            peer = self.peer(l, "plain")
            n = (10 if self.quick else 100) << 20
            content = pattern(n)
            out, begun = {}, threading.Event()

            def take(address):
                with peer.host.connect(address, 80, 2400) as s:
                    s.sendall(b"GET /pattern/%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % n)
                    head = receive(s, 1000)
                    begun.set()
                    out["down", address] = (head + receive(s, n + 10000)).partition(b"\r\n\r\n")[2] == content

            def give(address):
                with peer.host.connect(address, 80, 2400) as s:
                    s.sendall(b"POST /pattern HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % n + content)
                    out["up", address] = receive(s, 10000).endswith(b"right %d\n" % n)
            threads = [threading.Thread(target=f, args=(a,), daemon=True) for f in (take, give) for a in (V4, V6)]
            for t in threads:
                t.start()
            for _ in range(2):
                begun.wait(600)
                time.sleep(0.02)
                peer.host.ip("link set tap0 down")
                print(f"# {4 - len(out)} of 4 transfers go on when the link goes down", flush=True)
                self.tap.report(rests(peer.process.pid, 5), "a link that is down costs no time")
                peer.host.ip("link set tap0 up")
                # The kernel forgets its IPv6 addresses with the link.
                peer.host.ip("addr replace fd09::1/64 dev tap0 nodad")
            for t in threads:
                t.join(3000)
            # The kernel drops connections from an address that it lost only when it must.
            self.tap.equal("transfers go on when the link is up again", out, {(w, a): True for w in ("down", "up") for a in (V4, V6)})
            peer.alive("a link that was down", self.tap)
            peer.end("a link that was down", self.tap)

    @staticmethod
    def routed(l):
        """A router with a link of 1300 bytes to a client."""
        router, client = l.namespace(), l.namespace()
        router.tap("tap0", "10.9.0.1/24", "fd09::1/64")
        router.veth("out0", client, "in0")
        router.up("out0", "10.8.0.1/24", "fd08::1/64", mtu=1300)
        client.up("in0", "10.8.0.2/24", "fd08::2/64")
        client.ip("route add default via 10.8.0.1")
        client.ip("-6 route add default via fd08::1")
        for name in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            router.sysctl(name, 1)
        return router, client

    @staticmethod
    def switches(l):
        """Two switches with a cable of 1300 bytes between them, in namespaces that have no addresses to speak with."""
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
        return near, far, client

    def narrow(self):
        """Routers that report a path's MTU, and bridges that drop large packets silently."""
        with Lab() as l:
            router, client = self.routed(l)
            peer = Peer(router, self.program("plain"))
            for address in (V4, V6):
                self.through(client, address, f"a path of 1300 bytes to {address}")
            router.ip("link set out0 mtu 1280")
            for address in (V4, V6):
                self.through(client, address, f"one of 1280 bytes to {address}")
            # The MTU shrinks during a transfer, to less than IPv6 allows.
            with client.connect(V4, SOURCE, 600) as s:
                receive(s, 1000000)
                router.ip("link set out0 mtu 700")
                at = 1000000 % PERIOD
                self.tap.report(receive(s, 3000000) == pattern(at + 3000000)[at:], "a path that narrows to 700 bytes meanwhile")
            self.tap.report(peer.stats()["tcp_black_holes"] == 0, "none of them was taken for a black hole")
            peer.end("paths that tell their MTU", self.tap)
        if self.quick:
            return
        with Lab() as l:
            near, _, client = self.switches(l)
            peer = Peer(client, self.program("plain"), start_in=near)
            for address in (V4, V6):
                ping = client.run("ping", "-c1", "-W1", "-M", "do", "-s1400", address, check=False).stdout
                self.tap.report(" 0 received" in ping, f"the black hole before {address} is one", ping)
                before = peer.stats()["tcp_black_holes"]
                self.through(client, address, f"a black hole before {address}")
                self.tap.report(peer.stats()["tcp_black_holes"] > before, f"{address} found it", f"{before}")
            peer.end("black holes", self.tap)

    def wide(self):
        """Paths that become wide again, and say what they carry, or don't: connections find it."""
        with Lab() as l:
            router, client = self.routed(l)
            peer = Peer(router, self.program("searching"))
            self.widens(client, peer, "a path that tells its MTU", 1300, lambda: router.ip("link set out0 mtu 1500"))
            self.tap.report(peer.stats()["tcp_black_holes"] == 0, "it was not taken for a black hole")
            peer.end("a path that becomes wide", self.tap)
        with Lab() as l:
            near, far, client = self.switches(l)
            peer = Peer(client, self.program("searching"), start_in=near)

            def widen():
                for switch in (near, far):
                    switch.ip("link set narrow mtu 1500")
                    switch.ip("link set br0 mtu 1500")
            self.widens(client, peer, "a black hole", 1280, widen)
            peer.end("a black hole that becomes wide", self.tap)

    def widens(self, client, peer, name, most, widen):
        """Two endless streams come in segments for packets of up to `most` bytes, until the path is wide. Lost probes are no congestion."""
        streams = {address: [client.connect(address, SOURCE, 600), 0] for address in (V4, V6)}

        def read(address, n=300000):
            s, at = streams[address]
            start = at % PERIOD
            if receive(s, n) != pattern(start + n)[start:]:
                raise LabError(f"{name}: the stream from {address} is wrong")
            streams[address][1] += n
            # The largest segment that came, of tcp_info.
            largest = int.from_bytes(s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 24)[20:24], sys.byteorder)
            return largest + (72 if ":" in address else 52)

        for address in streams:
            read(address, 1000000)
        before = peer.stats()["tcp_mtu_probes_lost"]
        narrow = {}

        def asked():
            narrow.update((address, read(address)) for address in streams)
            return peer.stats()["tcp_mtu_probes_lost"] >= before + 6
        until(asked, f"{name} is probed", 600)
        self.tap.equal(f"{name}: segments are as large as it takes", narrow, {V4: most, V6: most})
        widen()

        def grown():
            return all(read(address) == 1500 for address in streams)
        self.tap.report(until(grown, f"{name} is found to be wide", 600), f"{name}: segments grow when it is wide", "")
        self.tap.report(peer.stats()["tcp_mtu_found"] > 0, f"{name}: probes found it", str(peer.stats()))
        for s, _ in streams.values():
            s.close()

    def through(self, client, address, name, n=2000000):
        start = time.monotonic()
        try:
            with client.connect(address, 80, 2400) as s:
                s.sendall(b"GET /pattern/%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % n)
                good = receive(s, n + 10000).partition(b"\r\n\r\n")[2] == pattern(n)
            with client.connect(address, 80, 2400) as s:
                s.sendall(b"POST /pattern HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % n + pattern(n))
                good = good and receive(s, 10000).endswith(b"right %d\n" % n)
        except OSError as e:
            good = False
            name += f", {e}"
        self.tap.report(good, f"{name}: transfers get through")
        print(f"# {name}: {time.monotonic() - start:.1f} s", flush=True)
