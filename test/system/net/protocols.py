#!/usr/bin/env python3
"""Tests ARP, IPv4, IPv6, ICMP and UDP of the project's own stack with the Linux kernel's, over a tap in a namespace.

protocols.py MIRAGE SOURCE-FOLDER WORK-FOLDER [TEST...]
"""

import re
import socket
import sys
import threading
import time
from pathlib import Path

import lab
from lab import Lab
from tap import Tap

STATIC = ("--ipv4=10.8.0.2/24", "--ipv4-gateway=10.8.0.1", "--ipv6=fd08::2/64", "--ipv6-gateway=fd08::1")
OURS = ("10.8.0.2", "fd08::2")
THEIRS = ("10.8.0.1", "fd08::1")


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def echo_server(namespace, address):
    with namespace.inside():
        server = socket.socket(family(address), socket.SOCK_DGRAM)
    server.bind((address, 7))

    def serve():
        while True:
            try:
                data, source = server.recvfrom(65536)
                server.sendto(data, source)
            except OSError:
                return
    threading.Thread(target=serve, daemon=True).start()
    return server


class Tests:
    def __init__(self, tap, mirage, source, work):
        self.tap, self.mirage, self.source, self.work = tap, mirage, source, work

    def build(self):
        lab.copy_tree(self.source / "test/system/net/echo", self.work / "echo")
        self.program = lab.build(self.mirage, "echo", self.work, "--net=direct", "--sanitize=address,undefined")

    def host(self, lab_, mtu=None):
        host = lab_.namespace()
        host.tap("tap0", "10.8.0.1/24", "fd08::1/64", mtu=mtu)
        return host

    def start(self, host, *words):
        program = host.start(self.program, "--interface=tap0", *words)
        program.wait_for("^echoing")
        return program

    def end(self, program, name):
        lab.ends_well(self.tap, program, name)

    def ping(self, host, address, *words, count=5):
        done = host.run("ping", "-n", "-c", count, "-i", "0.05", "-W", 2, *words, address, check=False)
        return f" {count} received" in done.stdout, done.stdout

    def pings(self):
        """The kernel's pings are answered: small ones, fragmented ones and the largest. Its neighbour entries are valid."""
        with Lab() as l:
            host = self.host(l)
            program = self.start(host, *STATIC)
            for address in OURS:
                for size in (0, 56, 1452, 1473, 5000, 65000):
                    ok, out = self.ping(host, address, "-s", size)
                    self.tap.report(ok, f"ping {address} with {size} bytes", out)
            done = host.run("ping", "-n", "-c", 1, "-W", 2, "ff02::1%tap0", check=False)
            self.tap.report("1 received" in done.stdout and "fe80:" in done.stdout, "all nodes are pinged", done.stdout)
            ok, out = self.ping(host, "10.8.0.2", "-R", count=1)
            self.tap.report(ok, "an option is skipped", out)
            self.end(program, "pings")

    def echoes(self):
        """The kernel's datagrams come back, whatever their size, also many at once."""
        with Lab() as l:
            host = self.host(l)
            program = self.start(host, *STATIC)
            for address in OURS:
                with host.inside():
                    s = socket.socket(family(address), socket.SOCK_DGRAM)
                s.settimeout(30)
                s.connect((address, 7))
                sizes, good = [0, 1, 1000, 1452, 1472, 1473, 4000, 30000, 65000], []
                for size in sizes:
                    data = bytes(i * 7 & 255 for i in range(size))
                    s.send(data)
                    if s.recv(65536) == data:
                        good.append(size)
                self.tap.report(good == sizes, f"datagrams come back from {address}", str(good))
                with host.inside():
                    closed = socket.socket(family(address), socket.SOCK_DGRAM)
                closed.settimeout(30)
                closed.connect((address, 999))
                closed.send(b"?")
                try:
                    closed.recv(10)
                    refused = False
                except ConnectionRefusedError:
                    refused = True
                except OSError:
                    refused = False
                self.tap.report(refused, f"a closed port of {address} is told")
            self.end(program, "echoes")

    def asks(self):
        """The stack's pings and datagrams to the kernel are answered."""
        with Lab() as l:
            host = self.host(l)
            for address in THEIRS:
                server = echo_server(host, address)
                program = self.start(host, *STATIC, f"--to={address}")
                said = [line for line in program.said().splitlines() if line.startswith(("ping", "exchange", "closed"))]
                bad = [line for line in said[:-1] if not line.endswith(": success") and not line.endswith(": ok")]
                self.tap.report(len(said) == 12 and not bad, f"pings and datagrams to {address}", program.said())
                self.tap.report("refused" in said[-1], f"a closed port of {address} is told to us", program.said())
                self.end(program, f"asking {address}")
                server.close()

    def routers(self):
        """The stack takes an address and the MTU from radvd, and forgets the address when the router is gone."""
        if lab.lacking("radvd"):
            self.tap.skip("routers", lab.lacking("radvd"))
            return
        with Lab() as l:
            host = self.host(l)
            radvd = host.advertise("tap0", "prefix fd08::/64 { AdvValidLifetime 3600; AdvPreferredLifetime 1800; }; AdvLinkMTU 1400; AdvDefaultLifetime 30;")
            program = self.start(host, "--ipv6-secret=always the same")
            address = program.wait_for(r"fd08::[0-9a-f:]+(?=/64)", 20)[0]
            ok, out = self.ping(host, address, "-s", 1000)
            self.tap.report(ok, "an address by SLAAC", out + program.said())
            # The kernel reaches the stack by a route of its own, and the stack answers by the router.
            host.ip("addr add fd99::1/128 dev lo")
            ok, out = self.ping(host, address, "-I", "fd99::1")
            self.tap.report(ok, "and a router beyond the link", out)
            # 1400 bytes by the advertisement: a larger reply comes in fragments.
            ok, out = self.ping(host, address, "-s", 1400)
            self.tap.report(ok, "and an MTU", out)
            self.end(program, "SLAAC")
            program = self.start(host, "--ipv6-secret=always the same")
            again = program.wait_for(r"fd08::[0-9a-f:]+(?=/64)", 20)[0]
            # The tap's address may be another each time: then the interface's identifier is, too.
            print(f"# {address}, then {again}; radvd lives: {radvd.alive()}")
            self.end(program, "SLAAC again")

    def traces(self):
        """traceroute reaches the stack, and the stack learns a smaller path MTU."""
        with Lab() as l:
            host = self.host(l)
            far = l.namespace()
            host.veth("cable", far, "cable")
            host.up("cable", "10.7.0.1/24", "fd07::1/64", mtu=1300)
            far.up("cable", "10.7.0.2/24", "fd07::2/64", mtu=1300)
            far.ip("route add 10.8.0.0/24 via 10.7.0.1")
            far.ip("route add fd08::/64 via fd07::1")
            host.sysctl("net.ipv4.ip_forward", 1)
            host.sysctl("net.ipv6.conf.all.forwarding", 1)
            program = self.start(host, *STATIC)
            for address in OURS:
                if not lab.lacking("traceroute"):
                    done = far.run("traceroute", "-n", "-q", "1", "-w", "2", address, check=False)
                    hops = re.findall(r"^ *\d+ +(\S+)", done.stdout, re.M)
                    self.tap.report(len(hops) == 2 and hops[1] == address, f"traceroute to {address}", done.stdout)
            self.end(program, "traces")
            for address in ("10.7.0.2", "fd07::2"):
                server = echo_server(far, address)
                program = self.start(host, *STATIC, f"--to={address}")
                said = [line for line in program.said().splitlines() if line.startswith("exchange")]
                good = [line for line in said if line.endswith((": success", ": ok"))]
                # Without the path's MTU, the first larger datagram is lost over IPv6; the next ones are not.
                self.tap.report(len(said) == 8 and len(good) >= 7 and "30000" in " ".join(good) and "65000" in " ".join(good),
                                f"datagrams over a narrow path to {address}", program.said())
                self.end(program, f"a narrow path to {address}")
                server.close()

    def conflicts(self):
        """Another host takes the stack's addresses. The stack logs a warning and keeps them."""
        with Lab() as l:
            host = self.host(l)
            program = self.start(host, *STATIC)
            host.ip("addr add fd08::2/64 dev tap0 nodad")
            time.sleep(1)
            self.tap.report(program.alive(), "it lives on with its address taken")
            self.end(program, "conflicts")


TESTS = ["pings", "echoes", "asks", "routers", "traces", "conflicts"]


def main():
    mirage, source, work = (Path(word).resolve() for word in sys.argv[1:4])
    return lab.run_tests(Tests(Tap(), mirage, source, work), sys.argv[4:] or TESTS, "ping")


if __name__ == "__main__":
    sys.exit(main())
