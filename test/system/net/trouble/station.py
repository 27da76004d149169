"""A host that the kernel knows nothing of, at the other end of a program's tap: it sends what it likes, frame by frame."""

import random
import socket
import struct
import time

from lab import LabError
from trouble.base import ACK, FIN, RST, SYN

TARGET = bytes.fromhex("020000000002")  # of base.STATIC
BROADCAST = b"\xff" * 6
IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58


def fold(total):
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def words(data):
    return sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) & 1)))


def checksum(data, more=0):
    return 0xFFFF & ~fold(words(data) + more)


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def pseudo(source, destination, protocol, n):
    return words(packed(source) + packed(destination)) + protocol + n


def ipv4(source, destination, protocol, payload, ttl=64, ident=0, fragment=0, options=b"", version=4, length=None):
    head = bytearray(struct.pack("!BBHHHBBH4s4s", version << 4 | 5 + len(options) // 4, 0,
                                 20 + len(options) + len(payload) if length is None else length,
                                 ident, fragment, ttl, protocol, 0, packed(source), packed(destination)) + options)
    head[10:12] = struct.pack("!H", checksum(bytes(head)))
    return bytes(head) + payload


def ipv6(source, destination, protocol, payload, hops=64, length=None):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload) if length is None else length, protocol, hops,
                       packed(source), packed(destination)) + payload


def with_sum(source, destination, protocol, data, at):
    """The data with its checksum, which lies at byte `at`."""
    value = checksum(data, 0 if protocol == ICMP else pseudo(source, destination, protocol, len(data)))
    return data[:at] + struct.pack("!H", value) + data[at + 2:]


def udp(source, destination, source_port, port, payload, length=None):
    data = struct.pack("!HHHH", source_port, port, 8 + len(payload) if length is None else length, 0) + payload
    return with_sum(source, destination, UDP, data, 6)


def tcp(source, destination, source_port, port, seq, ack, flags, payload=b"", options=b"", window=65535, offset=None):
    options += b"\1" * (-len(options) % 4)
    data = struct.pack("!HHIIBBHHH", source_port, port, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                       (5 + len(options) // 4 if offset is None else offset) << 4, flags, window, 0, 0) + options + payload
    return with_sum(source, destination, TCP, data, 16)


def icmp(kind, code, word, payload=b""):
    return with_sum("", "", ICMP, struct.pack("!BBHI", kind, code, 0, word) + payload, 2)


def icmp6(source, destination, kind, code, word, payload=b""):
    return with_sum(source, destination, ICMP6, struct.pack("!BBHI", kind, code, 0, word) + payload, 2)


class Station:
    def __init__(self, host, target, own="10.9.0.77", mac=bytes.fromhex("020000000077")):
        self.host, self.target, self.own, self.mac = host, target, own, mac
        with host.inside():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.socket.bind(("tap0", 0))
        self.sent = 0

    def send(self, frame):
        # A full queue drops, as a wire does.
        try:
            self.socket.send(frame)
            self.sent += 1
        except OSError:
            pass

    def ethernet(self, kind, payload, to=TARGET, source=None):
        return to + (source or self.mac) + struct.pack("!H", kind) + payload

    def arp(self, operation, sender, target, mac=None, to=TARGET):
        mac = mac or self.mac
        return self.ethernet(ARP, struct.pack("!HHBBH6s4s6s4s", 1, IPV4, 6, 4, operation, mac, packed(sender), bytes(6), packed(target)), to, mac)

    def introduce(self):
        """The program remembers for a minute who asks for its address, and need not ask for ours, which nobody would tell."""
        self.send(self.arp(1, self.own, self.target))

    def segment(self, source_port, port, seq, ack, flags, payload=b"", options=b"", **more):
        return self.ethernet(IPV4, ipv4(self.own, self.target, TCP, tcp(self.own, self.target, source_port, port, seq, ack, flags, payload, options, **more)))

    def paced(self, frames, rate, batch=50):
        """Send so many frames a second, of an iterator, as far as this machine is fast enough."""
        start, n = time.monotonic(), 0
        for frame in frames:
            self.send(frame)
            n += 1
            if n % batch == 0 and (ahead := n / rate - (time.monotonic() - start)) > 0:
                time.sleep(ahead)
        return n, time.monotonic() - start

    def connect(self, port, options=b"\2\4\5\xb4\1\3\3\7\4\2", payload=b"", source_port=None):
        return Connection(self, port, source_port or random.randrange(20000, 60000), options, payload)


class Connection:
    """A TCP connection whose every segment is ours to choose. `seq` is the next byte that the program expects."""

    def __init__(self, station, port, own_port, options, payload):
        self.station, self.port, self.own_port, self.scale = station, port, own_port, 0
        self.seq, self.ack = random.getrandbits(32), 0
        with station.host.inside():
            ears = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IPV4))
            ears.bind(("tap0", IPV4))
        self.ears = ears
        station.introduce()
        for _ in range(100):
            self.send_at(0, SYN, options=options)
            got = self.hear(SYN | ACK, 2)
            if got:
                break
        else:
            raise LabError("no answer to a SYN")
        self.seq += 1
        self.ack = got["seq"] + 1
        self.scale = got["scale"] if b"\3\3" in options else 0
        self.window = got["window"]
        self.send_at(0, ACK, payload)
        self.seq += len(payload)

    def send_at(self, at, flags=ACK, payload=b"", options=b""):
        self.station.send(self.station.segment(self.own_port, self.port, self.seq + at, self.ack, flags, payload, options))

    def hear(self, flags, seconds):
        """The next segment from the program with at least these flags, or None."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.ears.settimeout(left)
            try:
                frame, address = self.ears.recvfrom(70000)
            except TimeoutError:
                return None
            if address[2] == socket.PACKET_OUTGOING or len(frame) < 54 or frame[23] != TCP:
                continue
            t = frame[14 + (frame[14] & 15) * 4:]
            source, port, seq, ack, offset, got, window = struct.unpack("!HHIIBBH", t[:16])
            if source != self.port or port != self.own_port or got & flags != flags:
                continue
            length = struct.unpack("!H", frame[16:18])[0] - (frame[14] & 15) * 4 - (offset >> 4) * 4
            scale, option = 0, t[20:(offset >> 4) * 4]
            while option and option[0]:
                if option[0] == 3:
                    scale = option[2]
                option = option[1 if option[0] == 1 else option[1]:]
            return {"seq": seq, "ack": ack, "flags": got, "window": window, "scale": scale, "len": length}
        return None

    def single_bytes(self):
        """A function that sends `n` bytes at an offset from `seq`, fast: only the number and the checksum change."""
        frames = {}
        send, seq = self.station.send, self.seq

        def at(offset, n=1):
            if n not in frames:
                frame = bytearray(self.station.segment(self.own_port, self.port, 0, self.ack, ACK, b"x" * n))
                frames[n] = frame, 0xFFFF & ~struct.unpack("!H", frame[50:52])[0]
            frame, base = frames[n]
            number = (seq + offset) & 0xFFFFFFFF
            total = base + (number >> 16) + (number & 0xFFFF)
            total = (total & 0xFFFF) + (total >> 16)
            total = (total & 0xFFFF) + (total >> 16)
            frame[38:42] = number.to_bytes(4, "big")
            frame[50:52] = (0xFFFF & ~total).to_bytes(2, "big")
            send(frame)
        return at

    def agree(self):
        """Ask which byte the program expects now: it answers what lies before the window."""
        self.ears.setblocking(False)
        try:
            while self.ears.recv(100):
                pass
        except BlockingIOError:
            pass
        for _ in range(20):
            self.station.introduce()
            self.send_at(-1, ACK, b"x")
            if got := self.hear(ACK, 1):
                self.seq = got["ack"]
                return

    def reset(self):
        self.send_at(0, RST)

    def finish(self):
        """End our side in order, and take the program's end."""
        self.send_at(0, FIN | ACK)
        self.seq += 1
        self.take_end()

    def take_end(self, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            got = self.hear(FIN, 1) or self.hear(RST, 0.01)
            if got and got["flags"] & RST:
                return
            if got:
                self.ack = got["seq"] + got["len"] + 1
                self.send_at(0)
                return

    def close(self):
        self.ears.close()
