#!/usr/bin/env python3
"""Tests examples/router between two networks of kernels: TCP, UDP, ping and ICMP errors through it. Prints TAP.

router.py MIRAGE SOURCE-FOLDER WORK-FOLDER
"""

import hashlib
import os
import socket
import sys
import threading
from pathlib import Path

import lab
from lab import Lab, LabError, until
from tap import Tap

SIZE = 3 << 20


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
        router.tap(tap)
        ports = [tap]
        for i, (host, address) in enumerate(hosts):
            router.veth(f"{bridge}{i}", host, "eth0")
            router.up(f"{bridge}{i}")
            host.up("eth0", address)
            ports.append(f"{bridge}{i}")
        router.bridge(bridge, *ports)
    for host in (first, second):
        host.ip("route add default via 10.1.0.1")
    return router, first, second, far


def echo_server(far, count):
    """A server that echoes and that records its clients' addresses."""
    with far.inside():
        listener = socket.create_server(("192.0.2.1", 7000))
    callers = []

    def echo(connection):
        with connection:
            while data := connection.recv(1 << 16):
                connection.sendall(data)

    def serve():
        for _ in range(count):
            connection, caller = listener.accept()
            callers.append(caller)
            threading.Thread(target=echo, args=(connection,), daemon=True).start()

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


def echo_tests(tap, first, far):
    for to, what in (("192.0.2.1", "through the router"), ("10.1.0.1", "of the router within")):
        done = first.run("ping", "-n", "-c", 3, "-i", "0.05", "-s", 1400, to, check=False)
        tap.report(" 3 received" in done.stdout, f"ping {what}", done.stdout)
    done = far.run("ping", "-n", "-c", 2, "-i", "0.05", "192.0.2.2", check=False)
    tap.report(" 2 received" in done.stdout, "ping of the router outside", done.stdout)
    done = first.run("ping", "-n", "-c", 1, "-t", 1, "192.0.2.1", check=False)
    tap.report("From 10.1.0.1" in done.stdout and "Time to live exceeded" in done.stdout, "the router is a hop", done.stdout)
    done = first.run("ping", "-n", "-c", 1, "-t", 2, "192.0.2.1", check=False)
    tap.report(" 1 received" in done.stdout and "ttl=63" in done.stdout, "one hop", done.stdout)


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
            tcp_tests(tap, l, first, second, far)
            dns_tests(tap, first, second, far)
            lab.ends_well(tap, process, "router")
    except (LabError, OSError) as e:
        tap.report(False, "nothing stops it", f"{type(e).__name__}: {e}")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
