#!/usr/bin/env python3
"""Tests examples/router between two networks of kernels: TCP, UDP, ping and ICMP errors through it. Prints TAP.

router.py MIRAGE SOURCE-FOLDER WORK-FOLDER
"""

import errno
import hashlib
import os
import select
import socket
import struct
import sys
import threading
from pathlib import Path

import lab
from lab import Lab, LabError, until
from tap import Tap

SIZE = 3 << 20
NARROW = 1400  # the MTU of the network outside
SHORT = 1300  # and of the one behind it
BEYOND = "198.51.100.2"
IP_RECVERR = 11  # of Linux; Python does not name it


def udp(namespace, address, port=0):
    with namespace.inside():
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, port))
    s.settimeout(50)
    return s


def network(l):
    """Two hosts inside, the router between two bridges, and a host outside."""
    router, first, second, far = (l.namespace() for _ in range(4))
    for tap, bridge, hosts in (("inside0", "br-in", ((first, "10.1.0.2/24"), (second, "10.1.0.3/24"))),
                               ("outside0", "br-out", ((far, "192.0.2.1/24"),))):
        mtu = NARROW if tap == "outside0" else None
        router.tap(tap, mtu=mtu)
        ports = [tap]
        for i, (host, address) in enumerate(hosts):
            router.veth(f"{bridge}{i}", host, "eth0")
            router.up(f"{bridge}{i}", mtu=mtu)
            host.up("eth0", address, mtu=mtu)
            ports.append(f"{bridge}{i}")
        router.bridge(bridge, *ports)
    for host in (first, second):
        host.ip("route add default via 10.1.0.1")
    return router, first, second, far


def relay(connection):
    """Send back what comes."""
    with connection:
        while data := connection.recv(1 << 16):
            connection.sendall(data)


def echo_server(far, count, port=7000):
    """A server that echoes and that records its clients' addresses."""
    with far.inside():
        listener = socket.create_server(("192.0.2.1", port))
    callers = []

    def serve():
        for _ in range(count):
            connection, caller = listener.accept()
            callers.append(caller)
            threading.Thread(target=relay, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return callers


def bulk(connection):
    """The bytes that were sent come back unchanged."""
    data = os.urandom(SIZE)
    threading.Thread(target=lambda: (connection.sendall(data), connection.shutdown(socket.SHUT_WR)), daemon=True).start()
    got = bytearray()
    connection.settimeout(300)
    while piece := connection.recv(1 << 16):
        got += piece
    return bytes(got) == data


def tcp_tests(tap, l, first, second, far):
    (l.folder / "page").write_bytes(os.urandom(SIZE))
    server = far.start(sys.executable, "-m", "http.server", "--bind", "192.0.2.1", "--directory", l.folder, "8000")
    until(lambda: far.answers("192.0.2.1", 8000), server.said)
    done = first.run("curl", "-s", "--max-time", 300, "http://192.0.2.1:8000/page", text=False)
    same = hashlib.sha256(done.stdout).digest() == hashlib.sha256((l.folder / "page").read_bytes()).digest()
    tap.report(same, "curl of 3 MiB", f"{len(done.stdout)} bytes")
    tap.report("192.0.2.2" in server.said() and "10.1.0" not in server.said(), "the server sees the router's address", server.said()[-500:])
    callers = echo_server(far, 2)
    connections = []
    for host in (first, second):
        with host.inside():
            connections.append(socket.create_connection(("192.0.2.1", 7000), 100, ("0.0.0.0", 40000)))
    tap.report(all(bulk(c) for c in connections), "3 MiB there and back, from two hosts with one port")
    tap.report(sorted(a for a, _ in callers) == ["192.0.2.2"] * 2 and len({p for _, p in callers}) == 2, "which differ outside", str(callers))
    with far.inside():
        s = socket.socket()
        s.settimeout(1)
        tap.report(s.connect_ex(("192.0.2.2", 8080)) != 0, "nobody outside reaches in unasked")
        s.close()


def udp_tests(tap, first, second, far):
    server, other = udp(far, "192.0.2.1", 5000), udp(far, "192.0.2.1", 5001)
    client = udp(first, "10.1.0.2", 41000)
    seen = []
    for to in (server, other):
        client.sendto(b"x", to.getsockname())
        data, peer = to.recvfrom(100)
        seen.append(peer)
        to.sendto(data + b"y", peer)
    tap.equal("answers come back", [client.recv(100), client.recv(100)], [b"xy", b"xy"])
    tap.report(seen[0] == seen[1] == ("192.0.2.2", 41000), "a port within is the same for whomever it talks to", str(seen))
    twin = udp(second, "10.1.0.3", 41000)
    twin.sendto(b"z", server.getsockname())
    peer = server.recvfrom(100)[1]
    tap.report(peer[0] == "192.0.2.2" and peer[1] != 41000 and peer[1] % 2 == 0, "another host's has another, of the same parity", str(peer))
    twin.sendto(b"hairpin", seen[0])
    data, source = client.recvfrom(100)
    tap.equal("two hosts within meet by the address outside", (data, source), (b"hairpin", peer))
    client.sendto(b"", server.getsockname())
    tap.equal("an empty datagram", server.recvfrom(100)[0], b"")
    with first.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(50)
        s.connect(("192.0.2.1", 9))
        s.send(b"x" * 100)
        try:
            result = s.recv(10)
        except OSError as e:
            result = e.errno
    tap.equal("an ICMP error finds the one it is about", result, 111)


def answer_of(connected, data):
    """What a connected socket gets for a datagram: bytes, or the number of an error."""
    connected.send(data)
    try:
        return connected.recv(100)
    except OSError as e:
        return e.errno


def error_tests(tap, first, second, far):
    """Errors that hosts inside send, to a host outside and by the address outside to another inside."""
    server, closed = udp(far, "192.0.2.1", 5010), udp(first, "10.1.0.2", 41010)
    closed.sendto(b"x", server.getsockname())
    peer = server.recvfrom(100)[1]
    closed.close()
    server.connect(peer)
    tap.equal("a host outside learns of a port that is closed inside", answer_of(server, b"y"), errno.ECONNREFUSED)
    guest = udp(second, "10.1.0.3", 41011)
    guest.connect(peer)
    tap.equal("and so does a host inside that sent by the address outside", answer_of(guest, b"z"), errno.ECONNREFUSED)


def hop(namespace, ttl, port):
    """Who answers a datagram of so many hops to the host beyond: its address, and the error."""
    with namespace.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        s.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        s.sendto(b"hop", (BEYOND, port))
        poll = select.poll()
        poll.register(s, 0)  # an error is always told
        poll.poll(50000)
        _, ancillary, _, _ = s.recvmsg(100, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
        error = ancillary[0][2]
        return socket.inet_ntoa(error[20:24]), struct.unpack("=I", error[:4])[0]


def beyond_tests(tap, l, first, far):
    """A network behind the host outside, with a shorter MTU: a traceroute, long packets, and hosts that are not there."""
    end = l.namespace()
    far.veth("eth1", end, "eth0")
    far.up("eth1", "198.51.100.1/24", mtu=SHORT)
    end.up("eth0", BEYOND + "/24", mtu=NARROW)
    far.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.neigh.eth1.retrans_time_ms=50")
    end.ip("route add default via 198.51.100.1")
    route = [hop(first, ttl, 33434 + ttl) for ttl in (1, 2, 3)]
    tap.equal("a traceroute", route, [("10.1.0.1", errno.EHOSTUNREACH), ("192.0.2.1", errno.EHOSTUNREACH), (BEYOND, errno.ECONNREFUSED)])
    with end.inside():
        listener = socket.create_server((BEYOND, 7002))
    threading.Thread(target=lambda: relay(listener.accept()[0]), daemon=True).start()
    tap.report(bulk(first.connect(BEYOND, 7002)), "3 MiB over a path that narrows beyond the router, there and back")
    with first.inside(), socket.socket() as s:
        s.settimeout(100)
        tap.equal("a host that is not there", s.connect_ex(("198.51.100.77", 80)), errno.EHOSTUNREACH)
        s.close()
    with first.inside(), socket.socket() as s:
        s.settimeout(100)
        tap.equal("a port beyond that is closed", s.connect_ex((BEYOND, 9)), errno.ECONNREFUSED)


def words_sum(data):
    """The Internet checksum of bytes."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(source, destination, protocol, payload, options=b""):
    """An IPv4 packet as bytes; the kernel that sends it completes its length and checksum."""
    header = 20 + len(options)
    return struct.pack("!BBHHHBBH4s4s", 0x40 | header // 4, 0, header + len(payload), 7, 0, 64, protocol, 0, socket.inet_aton(source),
                       socket.inet_aton(destination)) + options + payload


def datagram(port, to, data):
    return struct.pack("!HHHH", port, to, 8 + len(data), 0) + data


def raw(namespace):
    """A socket that sends packets with their headers."""
    with namespace.inside():
        return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


def fragment_tests(tap, first, far):
    server, client = udp(far, "192.0.2.1", 5003), udp(first, "10.1.0.2", 41003)
    data = os.urandom(20000)
    client.sendto(data, server.getsockname())
    got, peer = server.recvfrom(1 << 16)
    tap.report(got == data and peer == ("192.0.2.2", 41003), "a datagram in fragments leaves", f"{len(got)} {peer}")
    server.sendto(data[::-1], peer)
    tap.report(client.recv(1 << 16) == data[::-1], "and comes in")
    for to, what in (("192.0.2.1", "through the router"), ("10.1.0.1", "of the router")):
        done = first.run("ping", "-n", "-c", 2, "-i", "0.05", "-s", 5000, to, check=False)
        tap.report(" 2 received" in done.stdout, f"ping {what}, in fragments", done.stdout)
    done = first.run("ping", "-n", "-c", 1, "-M", "do", "-s", NARROW + 1 - 28, "192.0.2.1", check=False)
    tap.report(f"mtu = {NARROW}" in done.stdout, "a packet too long for the next link goes back", done.stdout)
    done = first.run("ping", "-n", "-c", 1, "-M", "do", "-s", NARROW - 28, "192.0.2.1", check=False)
    tap.report(" 1 received" in done.stdout, "one that fits does not", done.stdout)


def hairpin_tests(tap, first, second):
    """A server inside whose port is known outside, because it also calls from it."""
    with first.inside():
        listener = socket.create_server(("10.1.0.2", 42000), reuse_port=True)
        caller = socket.socket()
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        caller.settimeout(100)
        caller.bind(("10.1.0.2", 42000))
        caller.connect(("192.0.2.1", 7001))
    listener.settimeout(100)
    guest = second.connect("192.0.2.2", 42000)
    served, peer = listener.accept()
    tap.report(peer[0] == "192.0.2.2", "TCP between two hosts inside, by the address outside", str(peer))
    threading.Thread(target=lambda: served.sendall(served.recv(100)), daemon=True).start()
    guest.sendall(b"there and back")
    guest.settimeout(100)
    tap.equal("what it carries", guest.recv(100), b"there and back")


def forged_tests(tap, first, second, far):
    """What must not pass; a datagram that may shows when all of it was read."""
    server, client = udp(far, "192.0.2.1", 5004), udp(first, "10.1.0.2", 41004)
    out, back = raw(second), raw(far)
    for source in ("10.1.0.1", "192.0.2.2", "10.9.9.9", "10.1.0.255"):
        out.sendto(packet(source, "192.0.2.1", 17, datagram(1, 5004, b"forged")), ("192.0.2.1", 0))
    route = bytes((131, 7, 4)) + socket.inet_aton("192.0.2.1") + b"\0"
    out.sendto(packet("10.1.0.3", "192.0.2.1", 17, datagram(1, 5004, b"routed"), route), ("192.0.2.1", 0))
    client.sendto(b"good", server.getsockname())
    got, peer = server.recvfrom(100)
    tap.equal("no forged source leaves, and no source route", got, b"good")
    for source in ("192.0.2.2", "10.1.0.2", "10.1.0.1", "192.0.2.255"):
        back.sendto(packet(source, "192.0.2.2", 17, datagram(1, 41004, b"forged")), ("192.0.2.2", 0))
    server.sendto(b"good", peer)
    tap.equal("none comes in", client.recv(100), b"good")
    with first.inside():
        named = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    named.bind(("10.1.0.2", 41005))
    named.connect(("192.0.2.1", 5004))
    named.settimeout(50)
    named.send(b"who is there")
    server.recv(100)
    quoted = packet("192.0.2.2", "192.0.2.1", 17, datagram(41005, 5004, b""))
    quoted = quoted[:10] + struct.pack("!H", words_sum(quoted[:20])) + quoted[12:]
    for wrong in (1, 0):
        message = struct.pack("!BBHI", 3, 3, 0, 0) + quoted
        message = message[:2] + struct.pack("!H", words_sum(message) ^ wrong) + message[4:]
        back.sendto(packet("192.0.2.1", "192.0.2.2", 1, message), ("192.0.2.2", 0))
        server.sendto(b"marker", ("192.0.2.2", 41005))
        try:
            result = named.recv(100)
        except ConnectionRefusedError:
            result = b"refused"
        tap.equal(f"an ICMP error with a {'wrong' if wrong else 'right'} checksum", result, b"marker" if wrong else b"refused")


def flood_tests(tap, first, second):
    """Another host's flows are many; the connection stays."""
    held = first.connect("192.0.2.1", 7001)
    flood = raw(second)
    for port in range(1024, 18024):
        flood.sendto(packet("10.1.0.3", "192.0.2.1", 17, datagram(port, 9, b"")), ("192.0.2.1", 0))
    held.sendall(b"still here")
    held.settimeout(100)
    tap.equal("17000 flows of another host leave a connection alone", held.recv(100), b"still here")


def echo_tests(tap, first, far):
    for to, what in (("192.0.2.1", "through the router"), ("10.1.0.1", "of the router within"), ("192.0.2.2", "of its address outside, from within")):
        done = first.run("ping", "-n", "-c", 3, "-i", "0.05", "-s", 1372, to, check=False)
        tap.report(" 3 received" in done.stdout, f"ping {what}", done.stdout)
    done = far.run("ping", "-n", "-c", 2, "-i", "0.05", "192.0.2.2", check=False)
    tap.report(" 2 received" in done.stdout, "ping of the router outside", done.stdout)
    done = first.run("ping", "-n", "-c", 1, "-t", 1, "192.0.2.1", check=False)
    tap.report("From 10.1.0.1" in done.stdout and "Time to live exceeded" in done.stdout, "the router is a hop", done.stdout)
    done = first.run("ping", "-n", "-c", 1, "-t", 2, "192.0.2.1", check=False)
    tap.report(" 1 received" in done.stdout and "ttl=63" in done.stdout, "one hop", done.stdout)
    done = first.run("ping", "-n", "-c", 1, "-t", 1, "10.1.0.1", check=False)
    tap.report(" 1 received" in done.stdout and "ttl=64" in done.stdout, "the router's answer has a time to live of its own", done.stdout)


def dns_tests(tap, first, second, far):
    """dig inside asks dnsmasq outside, over UDP from two hosts at once, and over TCP."""
    far.serve_names("eth0", "--host-record=www.lan,192.0.2.80")
    for host, words, what in ((first, [], "dig"), (second, [], "dig of another host"), (first, ["+tcp"], "dig over TCP")):
        done = host.run("dig", "+short", "+tries=3", "+time=5", *words, "@192.0.2.1", "www.lan", "A", check=False)
        tap.equal(what, done.stdout, "192.0.2.80\n")


def main():
    mirage, source, work = (Path(word).resolve() for word in sys.argv[1:4])
    reason = lab.lacking("curl", "dig", "dnsmasq", "ping")
    if reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    tap = Tap()
    try:
        work.mkdir(parents=True, exist_ok=True)
        lab.copy_tree(source / "examples/router", work / "router")
        program = lab.build(mirage, "router", work, "--sanitize=address,undefined")
        with Lab() as l:
            router, first, second, far = network(l)
            process = router.start(program, "--inside=10.1.0.1/24", "--outside=192.0.2.2/24", "--gateway=192.0.2.1")
            process.wait_for("forwarding")
            echo_tests(tap, first, far)
            udp_tests(tap, first, second, far)
            error_tests(tap, first, second, far)
            beyond_tests(tap, l, first, far)
            tcp_tests(tap, l, first, second, far)
            dns_tests(tap, first, second, far)
            fragment_tests(tap, first, far)
            echo_server(far, 100, 7001)
            hairpin_tests(tap, first, second)
            forged_tests(tap, first, second, far)
            flood_tests(tap, first, second)
            lab.ends_well(tap, process, "router")
    except (LabError, OSError) as e:
        tap.report(False, "nothing stops it", f"{type(e).__name__}: {e}")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
