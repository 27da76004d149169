"""What strangers of a link can say, by kind: iterators of frames without an end, for Noise."""

import itertools
import random
import struct

from trouble.base import ACK, ECHO, FIN, RST, SYN, V4, V6
from trouble.station import ARP, BROADCAST, ICMP, ICMP6, IPV4, IPV6, TARGET, TCP, UDP, icmp, icmp6, ipv4, ipv6, packed, tcp, udp, with_sum

NEIGHBOUR, OTHER = "fd09::77", "fe80::77"
ALL_NODES = "ff02::1", bytes.fromhex("333300000001")
FAR = "192.0.2.9"


def random4():
    return f"10.9.0.{random.randrange(20, 250)}"


def random6(prefix="fd09::"):
    return f"{prefix}{random.randrange(1, 65536):x}:{random.randrange(1, 65536):x}"


def random_mac():
    return b"\x02" + random.randbytes(5)


class Messages:
    def __init__(self, station, live=None):
        """`live` is a Connection of the station's, which errors quote and blind segments meet."""
        self.station, self.live = station, live

    def kinds(self):
        return {name: getattr(self, name) for name in dir(self) if not name.startswith("_") and name not in ("station", "live", "kinds")}

    def _four(self, payload, protocol, source=None, destination=V4, to=TARGET, **more):
        return self.station.ethernet(IPV4, ipv4(source or self.station.own, destination, protocol, payload, **more), to)

    def _six(self, payload, protocol, source=NEIGHBOUR, destination=V6, to=TARGET, hops=255, **more):
        return self.station.ethernet(IPV6, ipv6(source, destination, protocol, payload, hops, **more), to)

    def _six_message(self, kind, code, word, payload, source=NEIGHBOUR, destination=V6, **more):
        return self._six(icmp6(source, destination, kind, code, word, payload), ICMP6, source, destination, **more)

    def advertisements_of_neighbours(self):
        """Unsolicited, about strangers, about the program's own address and about nobody, with all flags."""
        while True:
            for target in (random6(), V6, "::", "ff02::1", "2001:db8::1"):
                flags = random.choice((0, 0x20, 0x40, 0x60, 0x80, 0xE0)) << 24
                body = packed(target) + b"\2\1" + random_mac()
                yield self._six_message(136, 0, flags, body, random6())
                yield self._six_message(136, 0, flags & ~(0x40 << 24), body, random6(), ALL_NODES[0], to=ALL_NODES[1])

    def solicitations(self):
        """Questions for the program's address, also by nobody, as one who probes it, and from everywhere."""
        group = "ff02::1:ff00:2"
        while True:
            for source in (random6(), random6("2001:db8::"), random6("fe80::"), V6):
                yield self._six_message(135, 0, 0, packed(V6) + b"\1\1" + random_mac(), source, group, to=b"\x33\x33" + packed(group)[12:])
            yield self._six_message(135, 0, 0, packed(V6), "::", group, to=b"\x33\x33" + packed(group)[12:])
            yield self._six_message(135, 0, 0, packed(V6) + b"\1\0" + random_mac(), random6(), V6)

    def routers(self):
        """Alternating advertisements: other routers, lifetimes, prefixes, servers, MTUs that are none."""
        for i in itertools.count():
            source = f"fe80::{i % 7 + 1:x}:1" if i % 3 else random6("fe80::")
            prefix = struct.pack("!BBBBIII16s", 3, 4, random.choice((0, 64, 64, 96, 129)), 0xC0, random.choice((0, 60, 0xFFFFFFFF)),
                                 random.choice((0, 60)), 0, packed(random6("2001:db8:0:1::")))
            servers = struct.pack("!BBHI16s", 25, 3, 0, random.choice((0, 60)), packed(random6("2001:db8::")))
            mtu = struct.pack("!BBHI", 5, 1, 0, random.choice((0, 1, 68, 1500, 9000)))
            lied = bytes([random.randrange(256), random.choice((0, 1, 200))]) + random.randbytes(6)
            options = b"".join(random.sample((prefix, servers, mtu, b"\1\1" + random_mac(), lied), random.randrange(5)))
            word = random.choice((0, 64, 1, 255)) << 24 | random.choice((0, 0x08, 0x18, 0x40)) << 16 | (0 if i % 2 else 1800)
            yield self._six_message(134, 0, word, struct.pack("!II", 0, 0) + options, source, ALL_NODES[0], to=ALL_NODES[1])

    def prefixes(self):
        """Each advertisement makes an address, of a prefix of its own."""
        for i in itertools.count():
            prefix = struct.pack("!BBBBIII16s", 3, 4, 64, 0xC0, 7200, 7200, 0, packed(f"2001:db8:{i & 0xFFFF:x}:{i >> 16:x}::"))
            yield self._six_message(134, 0, 64 << 24, struct.pack("!II", 0, 0) + prefix, "fe80::99", ALL_NODES[0], to=ALL_NODES[1])

    def redirects(self):
        while True:
            quoted6, quoted4 = ipv6(V6, random6("2001:db8::"), TCP, bytes(20)), ipv4(V4, FAR, TCP, bytes(8))
            for source in ("fe80::1", random6("fe80::"), NEIGHBOUR):
                body = packed(random6("fe80::")) + packed(random6("2001:db8::")) + b"\2\1" + random_mac() + b"\4" + bytes([1 + len(quoted6) // 8]) + bytes(6) + quoted6
                yield self._six_message(137, 0, 0, body, source)
            yield self._four(icmp(5, random.randrange(4), int.from_bytes(packed(random4())), quoted4), ICMP, "10.9.0.1")

    def conflicts(self):
        """Others claim the program's address."""
        while True:
            mac = random_mac()
            yield self.station.arp(2, V4, V4, mac, BROADCAST)
            yield self.station.arp(1, V4, V4, mac, BROADCAST)
            yield self.station.arp(1, V4, random4(), mac, BROADCAST)
            yield self.station.arp(1, "0.0.0.0", V4, mac, BROADCAST)

    def gratuitous(self):
        """ARP of strangers about themselves, about nobody, and malformed."""
        while True:
            for sender in (random4(), "0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1", FAR, "10.9.0.255"):
                yield self.station.arp(random.choice((1, 2, 3, 9)), sender, random.choice((sender, V4)), random_mac(), random.choice((TARGET, BROADCAST)))
            yield self.station.ethernet(ARP, random.randbytes(random.randrange(40)))

    def _quoted(self):
        live = self.live
        seq = random.getrandbits(32) if live is None or random.random() < 0.5 else live.ack
        ports = (80, 50000) if live is None else (live.port, live.own_port)
        return struct.pack("!HHI", *ports, seq & 0xFFFFFFFF) + random.choice((b"", bytes(12)))

    def errors(self):
        """ICMP of each type, about a connection there is, datagrams there were none, and what no host sends."""
        for kind in itertools.cycle(range(256)):
            for code in (0, 1, 3, 4, random.randrange(256)):
                own = random.choice((V4, V4, random4()))
                quoted = ipv4(own, random.choice((self.station.own, "255.255.255.255", "224.0.0.1")), random.choice((TCP, TCP, UDP, ICMP)), self._quoted())
                yield self._four(icmp(random.choice((3, 4, 11, 12, kind)), code, random.choice((0, 68, 576, 1499, 70000)), quoted[:random.randrange(60)]), ICMP, random4())
                yield self._four(icmp(3, 4, random.choice((0, 68, 576)), ipv4(V4, self.station.own, TCP, self._quoted())), ICMP, random4())

    def errors_of_ipv6(self):
        for kind in itertools.cycle(range(256)):
            for code in (0, 3, 4, random.randrange(256)):
                quoted = ipv6(V6, random.choice((NEIGHBOUR, "ff02::1", random6())), random.choice((TCP, UDP, ICMP6, 0, 43, 44)), self._quoted())
                yield self._six_message(random.choice((1, 2, 3, 4, kind)), code, random.choice((0, 68, 1280, 1499)), quoted[:random.randrange(80)], random6())

    def fragments(self):
        """Beginnings, ends, overlaps, holes, lengths that are none, beyond the longest packet."""
        for i in itertools.count():
            source = random.choice((self.station.own, random4()))
            for offset, size, more in ((0, 1000, True), (800, 1000, True), (2000, 8, False), (0, 8, False), (65000, 1000, False), (8, 7, True), (0, 0, True)):
                yield self._four(random.randbytes(size), random.choice((UDP, TCP, ICMP, 99)), source, ident=i & 0xFFFF, fragment=offset // 8 | (0x2000 if more else 0))

    def fragments_of_ipv6(self):
        """And neighbour discovery in fragments, atomic ones too."""
        advertisement = icmp6(NEIGHBOUR, V6, 136, 0, 0x60000000, packed(random6()) + b"\2\1" + random_mac())
        for i in itertools.count():
            source = random.choice((NEIGHBOUR, random6()))
            yield self._six(struct.pack("!BBHI", ICMP6, 0, 0, i & 0xFFFFFFFF) + advertisement, 44)
            for offset, size, more in ((0, 1000, 1), (800, 1000, 1), (0, 8, 0), (8, 7, 1), (65000, 1000, 0), (0, 0, 1)):
                yield self._six(struct.pack("!BBHI", random.choice((UDP, TCP, 0, 60, 99)), 0, offset | more, i & 0xFFFFFFFF) + random.randbytes(size), 44, source)

    def closed_ports(self):
        while True:
            port = random.randrange(1, 65536)
            yield self._four(udp(self.station.own, V4, 53, port, b"x" * 30), UDP)
            yield self._six(udp(NEIGHBOUR, V6, 53, port, b"x" * 30), UDP)
            yield self._four(udp(FAR, V4, 9, port, b""), UDP, FAR)
            yield self._four(udp(self.station.own, V4, 9, port, b"x", length=random.choice((0, 7, 9, 2000))), UDP)

    def wrong_sums(self):
        """Of IP, TCP, UDP and ICMP."""
        while True:
            for payload, protocol in ((tcp(self.station.own, V4, 5000, 80, 1, 1, ACK, b"x"), TCP), (udp(self.station.own, V4, 5000, 53, b"x"), UDP), (icmp(8, 0, 1, b"x"), ICMP)):
                broken = bytearray(payload)
                broken[-1] ^= random.randrange(1, 256)
                yield self._four(bytes(broken), protocol)
                packet = bytearray(ipv4(self.station.own, V4, protocol, payload))
                packet[10] ^= 1
                yield self.station.ethernet(IPV4, bytes(packet))

    def segments(self):
        """Resets, SYNs and others inside the window of a connection and outside, for listening ports, for closed ports."""
        live = self.live
        while True:
            for flags in (RST, SYN, SYN | ACK, ACK, FIN | ACK, 0, 63, RST | ACK):
                if live is not None:
                    yield self.station.segment(live.own_port, live.port, live.seq + random.randrange(1, 60000), live.ack, flags & ~FIN)
                    yield self.station.segment(live.own_port, live.port, random.getrandbits(32), random.getrandbits(32), flags)
                yield self.station.segment(random.randrange(1, 65536), random.choice((80, ECHO, 81)), random.getrandbits(32), random.getrandbits(32), flags, b"x")

    def options_that_lie(self):
        """In SYNs and in segments of a connection: lengths of 0 and beyond the end, twice, and a data offset that is none."""
        live = self.live
        for i in itertools.count():
            options = b"".join(random.choice((b"\2\0", b"\2\4\0\0", b"\3\3\xff", b"\4\3\1", b"\5\x0a" + random.randbytes(8), b"\5\x22", b"\x08\x0a" + random.randbytes(8),
                                              b"\x22\x12" + random.randbytes(16), b"\xfe\4\xf9\x89", b"\0", b"\1", random.randbytes(3))) for _ in range(4))[:40]
            options = options[:40 - 40 % 4]
            yield self.station.segment(i % 60000 + 1024, 80, i, 0, SYN, options=options)
            if live is not None:
                yield self.station.segment(live.own_port, live.port, live.seq + 1, live.ack, ACK, b"x", options)
            yield self.station.segment(i % 60000 + 1024, 80, i, 0, SYN, offset=random.randrange(16))

    def addresses_of_others(self):
        """DHCP: offers, acknowledgements and refusals for anybody."""
        while True:
            kind = random.choice((2, 5, 6))
            reply = bytes([2, 1, 6, 0]) + random.randbytes(4) + bytes(8) + packed(random4()) + bytes(8) + random.choice((TARGET, random_mac())) + bytes(202)
            reply += bytes([99, 130, 83, 99, 53, 1, kind, 54, 4]) + packed("10.9.0.1") + bytes([56, 30]) + b"no, because of this\r\nwarning " + b"\xff"
            yield self._four(udp("10.9.0.1", "255.255.255.255", 67, 68, reply), UDP, "10.9.0.1", "255.255.255.255", BROADCAST)
            yield self._four(udp("10.9.0.1", V4, 67, 68, reply), UDP, "10.9.0.1")

    def answers_unasked(self):
        """DNS."""
        while True:
            answer = random.randbytes(2) + b"\x81\x80\0\1\0\1\0\0\0\0" + b"\3www\4test\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\t\0\1"
            yield self._four(udp("10.9.0.1", V4, 53, random.randrange(1024, 65536), answer), UDP, "10.9.0.1")
            yield self._six(udp("fd09::1", V6, 53, random.randrange(1024, 65536), answer), UDP, "fd09::1")

    def options_of_ip(self):
        """Source routes, options beyond the header, extension headers that repeat, lie and do not end, headers of other versions."""
        while True:
            for options in (b"\x83\x07\x04" + packed(FAR) + b"\0", b"\x89\x07\x04" + packed(FAR) + b"\0", b"\x44\x04\x05\0", b"\x07\xff\4\0", b"\x94\4\0\0", random.randbytes(40)):
                yield self._four(udp(self.station.own, V4, 9, 9, b"x"), UDP, options=options)
            for first, chain in ((0, b"\x3b\0\xc2\4\0\0\0\0"), (0, b"\x3a\0\x80\4\0\0\0\0"), (60, b"\x3c\0\1\4\0\0\0\0" * 9 + b"\x3b\0\1\4\0\0\0\0"), (43, b"\x3b\2\0\1" + bytes(20)),
                                 (0, b"\x3a\xff" + bytes(6)), (60, b"\x11\0\xfe\4\0\0\0\0"), (51, b"\x3b\1" + bytes(6)), (44, b"\x2c\0\0\1" + bytes(4)), (random.randrange(256), random.randbytes(40))):
                yield self._six(chain, first)
            yield self._four(b"x", UDP, version=random.choice((0, 5, 6, 15)))
            yield self._four(b"x", random.randrange(256), length=random.choice((0, 19, 21, 22, 2000, 65535)))
            yield self._six(b"x", random.randrange(256), length=random.choice((0, 2, 2000, 65535)))

    def groups(self):
        """IGMP and MLD, echoes to all, and other protocols."""
        while True:
            yield self._four(with_sum("", "", ICMP, b"\x11\x64\0\0" + bytes(4), 2), 2, destination="224.0.0.1", to=bytes.fromhex("01005e000001"), ttl=1, options=b"\x94\4\0\0")
            yield self._six_message(130, 0, 10 << 16, bytes(16), "fe80::1", ALL_NODES[0], to=ALL_NODES[1], hops=1)
            chain = b"\x3a\0\5\2\0\0\1\0"
            query = icmp6("fe80::1", ALL_NODES[0], 130, 0, 1 << 16, packed(random.choice(("::", "ff02::1:ff00:2"))))
            yield self._six(chain + query, 0, "fe80::1", ALL_NODES[0], ALL_NODES[1], 1)
            yield self._four(icmp(8, 0, 7, b"x" * 56), ICMP, destination="10.9.0.255", to=BROADCAST)
            yield self._six_message(128, 0, 7, b"x" * 56, NEIGHBOUR, ALL_NODES[0], to=ALL_NODES[1])
            yield self._four(b"x" * 50, random.choice((0, 4, 41, 47, 50, 132, 255)))
            yield self.station.ethernet(random.choice((0x8100, 0x88CC, 0x8863, 10, 0xFFFF)), random.randbytes(random.randrange(1, 1500)))

    def martians(self):
        """Sources that no host has: ours, groups, loopback, broadcasts."""
        while True:
            for source in (V4, "127.0.0.1", "224.0.0.1", "255.255.255.255", "10.9.0.255", "0.0.0.0", "10.9.0.0"):
                yield self._four(udp(source, V4, 9, 9, b"x"), UDP, source)
                yield self._four(icmp(8, 0, 7, b"x"), ICMP, source)
                yield self._four(tcp(source, V4, 9, 80, 9, 0, SYN), TCP, source)
            for source in (V6, "::1", "ff02::1", "::"):
                yield self._six(udp(source, V6, 9, 9, b"x"), UDP, source)
                yield self._six_message(128, 0, 7, b"x", source)
                yield self._six(tcp(source, V6, 9, 80, 9, 0, SYN), TCP, source)

    def big_echoes(self):
        for i in itertools.count():
            yield self._four(icmp(8, 0, i, b"x" * 1400), ICMP)
            yield self._six_message(128, 0, i & 0xFFFFFFFF, b"x" * 1400)
            yield self._four(icmp(8, 0, i, b"x" * 1400), ICMP, FAR)
