"""Attackers, scanners, noise and fragments."""

import random
import re
import shutil
import socket
import struct
import time

import lab
from lab import Lab
from trouble.base import Base, ACK, DISCARD, ECHO, FIN, HOLD, LATE, RST, SOURCE, SYN, V4, V6, pattern, receive


class Hostile(Base):
    def storms(self):
        """Segments of an attacker that knows a connection's four-tuple but not its numbers, and of one that knows neither."""
        with Lab() as l:
            peer = self.peer(l, "impatient")
            first = peer.stats()
            n, rate = (5000, 20000) if self.quick else (50000, 50000)
            with peer.host.connect(V4, ECHO, 600) as s:
                for name, flags in (("RST", RST), ("SYN", SYN), ("RST ACK", RST | ACK), ("ACK", ACK), ("FIN ACK", FIN | ACK), ("SYN ACK", SYN | ACK), ("none", 0)):
                    flood = self.flood(peer.host, port=ECHO, flags=flags, **{"from": "10.9.0.1"}, from_port=s.getsockname()[1], count=n, rate=rate)
                    good = 0
                    while flood.alive():
                        s.sendall(b"0123456789")
                        good += receive(s, 10) == b"0123456789"
                    s.sendall(b"0123456789")
                    good += receive(s, 10) == b"0123456789"
                    self.tap.report(good > 0 and flood.wait(600) == 0, f"a connection lives through blind segments, {name}", flood.said())
            for flags in (RST, ACK, FIN | ACK, SYN | ACK, 0, 255):
                flood = self.flood(peer.host, flags=flags, count=n // 2, rate=rate)
                self.tap.report(flood.wait(600) == 0, f"segments for no connection, flags {flags}", flood.said())
            peer.alive("storms", self.tap)
            ok, now = peer.settled(first)
            self.tap.report(ok, "storms leave nothing", str(now))
            peer.end("storms", self.tap)

    def scans(self):
        """nmap looks for open ports by each of its methods, for the programs behind them, and for the system."""
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
                # nmap reports a host whose sequence numbers can be guessed.
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
            # The two connections that do not read have not noticed that their peer is gone.
            for path in ("/release", "/resume"):
                peer.ask("POST", path)
            peer.alive("scans", self.tap)
            ok, now = peer.settled(first)
            self.tap.report(ok, "scans leave nothing", str(now))
            peer.end("scans", self.tap)

    def scan(self, peer, name, address, *words, opened, states="open", at_least=False, options=()):
        out = peer.host.lab.file("scan")
        words = [*(["-6"] if ":" in address else []), "-n", "-Pn", "-T4", "--max-retries", "10", "-oG", out, *options, *words, address]
        done = peer.host.run("nmap", *words, check=False, seconds=3000)
        said = done.stdout + done.stderr
        found = {int(port) for port, state in re.findall(r"(\d+)/([a-z|]+)/", out.read_text()) if state == states}
        good = found >= opened if at_least else found == opened
        # Most in one state are only counted.
        if len(opened) == 100:
            good = f" 100 {states} tcp ports" in said
        self.tap.report(done.returncode == 0 and good, f"nmap: {name}", f"{found}\n{said}")
        return said

    def garbage(self):
        """Frames of random bytes, and real frames with some bytes changed, also in their lengths."""
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
                peer.alive("noise", self.tap)
                ok, now = peer.settled(first)
                self.tap.report(ok, "noise leaves nothing", str(now))
            peer.end("noise", self.tap)

    @staticmethod
    def sum(frame):
        """Correct the header's checksum most of the time, so that the stack reads what follows it."""
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
        """Fragments in any order form a packet. Overlapping and endless ones form none, and occupy little memory."""
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
                ok, now = peer.settled(first)
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
        # A raw socket may refuse an inconsistent packet. Then this case is left out.
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
