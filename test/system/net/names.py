#!/usr/bin/env python3
"""What stands on the project's own stack, over a tap, against servers that know nothing of it: the DHCP client with dnsmasq and with a
server of the test's own, the DNS client with dnsmasq, RDNSS with radvd, an HTTP client by name.

names.py MIRAGE SOURCE-FOLDER WORK-FOLDER [TEST...]
"""

import re
import shutil
import socket
import struct
import sys
import time
from pathlib import Path

import dhcp_server
import lab
from dhcp_server import DECLINE, DISCOVER, RELEASE, REQUEST
from lab import Lab, until
from tap import Tap

PROGRAMS = {"dhcp-client": "examples/dhcp-client", "http-fetch": "examples/http-fetch", "lease": "test/system/net/lease", "lookup": "test/lib/dns_client/app"}


class Tests:
    def __init__(self, tap, mirage, source, work):
        self.tap, self.mirage, self.source, self.work = tap, mirage, source, work
        self.programs = {}

    def program(self, name):
        """Build the program when it is first needed."""
        if name not in self.programs:
            self.work.mkdir(parents=True, exist_ok=True)
            lab.copy_tree(self.source / PROGRAMS[name], self.work / name)
            if name == "lease":
                shutil.copy(self.source / "examples/dhcp-client/unikernel.c", self.work / name)
            net = [] if name == "lease" else ["--net=direct"]
            self.programs[name] = lab.build(self.mirage, name, self.work, *net, "--sanitize=address,undefined")
        return self.programs[name]

    def host(self, lab_, *addresses):
        host = lab_.namespace()
        host.tap("tap0", "10.9.0.1/24", *addresses)
        return host

    def start(self, host, name, *words):
        return host.start(self.program(name), "--interface=tap0", "--log=dhcp:debug,*:info", *words)

    def end(self, program, name):
        lab.ends_well(self.tap, program, name)

    def lease(self):
        """A lease of dnsmasq, with all of its options."""
        with Lab() as l:
            host = self.host(l)
            server = host.serve_names("tap0", "--dhcp-range=10.9.0.100,10.9.0.150,120s", "--dhcp-option=option:router,10.9.0.1",
                                      "--dhcp-option=option:dns-server,10.9.0.1,10.9.0.7", "--dhcp-option=option:domain-search,a.example,b.example",
                                      "--dhcp-option=option:mtu,1400", "--dhcp-option=121,0.0.0.0/0,10.9.0.1,192.0.2.0/24,10.9.0.1")
            program = self.start(host, "dhcp-client", "--dhcp", "--hostname=mirage", "--stay=1h")
            said = program.wait_for(r"^addresses .*10\.9\.0\.\d+/24.*$")[0]
            address = re.search(r"10\.9\.0\.\d+", said)[0]
            self.tap.report("name servers 10.9.0.1 10.9.0.7;" in said and "domains a.example b.example;" in said, "a lease brings servers and domains", said)
            entry = until(lambda: server.leases.read_text(), "the server's record")
            self.tap.report(f" {address} mirage " in entry, "the server knows address and host name", entry)
            done = host.run("ping", "-n", "-c", 3, "-i", "0.05", "-M", "do", "-s", 1372, address, check=False)
            self.tap.report(" 3 received" in done.stdout, "the host is there", done.stdout)
            # A network behind the router, by the classless route and the gateway.
            host.ip("addr add 192.0.2.1/32 dev lo")
            done = host.run("ping", "-n", "-c", 1, "-I", "192.0.2.1", address, check=False)
            self.tap.report(" 1 received" in done.stdout, "and has routes", done.stdout)
            self.end(program, "a lease")

    def server(self, host, **more):
        times = {"lease": 8, "renew": 2, "rebind": 5, **more}
        return dhcp_server.Server(host, "tap0", "10.9.0.1", "10.9.0.50", **times)

    def bound(self, program, address="10.9.0.50", seconds=400):
        return program.wait_for(rf"^addresses .*{re.escape(address)}/24", seconds)

    def renewal(self):
        with Lab() as l:
            host = self.host(l)
            server = self.server(host, lease=600, rebind=400)
            program = self.start(host, "lease", "--dhcp", "--stay=1h")
            self.bound(program)
            first = server.of(DISCOVER)[0]
            self.tap.report(first.broadcast and first.client == "0.0.0.0" and first.source == "0.0.0.0", "a search is broadcast from nowhere")
            self.tap.report(len(first.options.get(61, b"")) == 15 and first.options[61][0] == 255, "its identifier is that of RFC 4361")
            chosen = server.of(REQUEST)[0]
            self.tap.equal("the request names offer and server", (chosen.address(50), chosen.address(54)), ("10.9.0.50", "10.9.0.1"))
            renewals = until(lambda: len(server.of(REQUEST)) >= 3 and server.of(REQUEST)[1:3], "two renewals")
            self.tap.report(all(m.source == m.client == "10.9.0.50" and not m.broadcast and 50 not in m.options and 54 not in m.options for m in renewals),
                            "a lease is renewed by its holder", str([vars(m) for m in renewals]))
            # On a busy machine a renewal is heard late. The one before it was sent after the first request was heard, so the time counts
            # from there.
            gap = renewals[1].time - chosen.time
            self.tap.report(gap >= 2, "not before T1", f"{gap} s")
            self.tap.equal("and before T2, when it would ask all servers", [m.to for m in renewals], ["10.9.0.1"] * 2)
            server.lease, server.rebind = 8, 5
            until(lambda: "from 10.9.0.1 for 8 s" in program.said(), "a short lease")
            # When no server answers, the lease ends, and the address is removed.
            server.mute = lambda m: True
            program.wait_for(r"no IPv4 address")
            last = server.of(REQUEST)[-1]
            self.tap.report(last.client == "10.9.0.50", "to the end of the lease", str(vars(last)))
            again = until(lambda: len(server.of(DISCOVER)) > 1 and server.of(DISCOVER)[-1], "another search")
            self.tap.equal("then it looks for the same address", again.address(50), "10.9.0.50")
            leases = program.said().count("from 10.9.0.1 for 8 s")
            server.mute = lambda m: False
            until(lambda: program.said().count("from 10.9.0.1 for 8 s") > leases, "another lease")
            self.end(program, "renewal")
            until(lambda: server.of(RELEASE), "a release")
            self.tap.equal("at its end it gives the address back", server.of(RELEASE)[-1].client, "10.9.0.50")

    def refusal(self):
        with Lab() as l:
            host = self.host(l)
            server = self.server(host, lease=60, renew=2, rebind=40)
            program = self.start(host, "lease", "--dhcp", "--stay=1h", "--dhcp-address=10.9.0.77")
            # The client had an address on another network before.
            server.refuse = lambda m: m.address(50) == "10.9.0.77"
            self.bound(program)
            first = server.heard[0]
            self.tap.report(first.type == REQUEST and first.address(50) == "10.9.0.77" and 54 not in first.options, "an address had before is asked for first",
                            str(vars(first)))
            self.tap.report("refuses" in program.said(), "and given up when the server refuses")
            server.refuse = lambda m: m.client == "10.9.0.50"
            server.offer = "10.9.0.51"
            self.bound(program, "10.9.0.51")
            self.tap.report(True, "a renewal that is refused ends the lease at once")
            self.end(program, "refusal")

    def forge_unreachable(self, host, source, destination):
        """Somebody says that the DHCP server's port is closed at that destination."""
        quote = bytes([0x45, 0, 0, 28]) + bytes(4) + bytes([64, 17, 0, 0]) + socket.inet_aton(source) + socket.inet_aton(destination)
        quote += struct.pack("!HHHH", 68, 67, 300, 0)
        message = bytes([3, 3, 0, 0]) + bytes(4) + quote
        total = sum(struct.unpack(f"!{len(message) // 2}H", message))
        total = (total & 0xffff) + (total >> 16)
        message = message[:2] + struct.pack("!H", ~(total + (total >> 16)) & 0xffff) + message[4:]
        with host.inside(), socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as s:
            s.sendto(message, (source, 0))

    def errors(self):
        """Take no lease away for errors by ICMP, nor for a server that was not asked, and learn no address that no server has."""
        with Lab() as l:
            host = self.host(l)
            addresses = [socket.inet_aton(a) for a in ("224.0.0.1", "10.9.0.50", "127.0.0.1", "10.9.0.255", "10.9.0.1")]
            server = self.server(host, lease=600, renew=4, rebind=500, more=[(3, b"".join(addresses)), (6, b"".join(addresses))])
            server.rival = "10.9.0.66"
            program = self.start(host, "lease", "--dhcp", "--stay=1h")
            said = self.bound(program)[0]
            self.tap.report("name servers 10.9.0.1;" in program.said(), "name servers and routers are other hosts", str(said))
            self.tap.report("refuses" not in program.said() and len(server.of(DISCOVER)) == 1, "another server's refusal is passed over", program.said())
            server.rival = None
            for destination in ("255.255.255.255", "10.9.0.255", "224.0.0.1", "10.9.0.1"):
                self.forge_unreachable(host, "10.9.0.50", destination)
            until(lambda: program.said().count("from 10.9.0.1 for 600 s") > 1, "a renewal")
            self.tap.report("is lost" not in program.said(), "forged errors do not stop a renewal", program.said())
            server.rival = "10.9.0.66"
            renewals = program.said().count("from 10.9.0.1 for 600 s")
            until(lambda: program.said().count("from 10.9.0.1 for 600 s") > renewals, "a renewal beside another server")
            self.tap.report("refuses" not in program.said(), "nor does another server's refusal", program.said())
            asked = program.said().count("sent a message of type 3")
            server.stop()
            until(lambda: program.said().count("sent a message of type 3") > asked, "a renewal that meets a closed port")
            done = host.run("ping", "-n", "-c", 5, "-i", "0.2", "10.9.0.50", check=False)
            self.tap.report(" 5 received" in done.stdout and "is lost" not in program.said(), "nor a server whose port is closed", program.said())
            self.end(program, "errors")

    def reboot(self):
        with Lab() as l:
            host = self.host(l)
            server = self.server(host, lease=60, renew=None, rebind=None)
            program = self.start(host, "lease", "--dhcp", "--stay=1h", "--dhcp-address=10.9.0.50")
            self.bound(program)
            self.tap.equal("an address had before is had again without a search", [m.type for m in server.heard], [REQUEST])
            self.end(program, "reboot")

    def conflict(self):
        """Another host already has the leased address."""
        with Lab() as l:
            host = self.host(l, "10.9.0.50/24")
            server = self.server(host, lease=60, renew=None, rebind=None)
            program = self.start(host, "lease", "--dhcp", "--stay=1h")
            declined = until(lambda: server.of(DECLINE), "a decline")[0]
            refused = server.of(REQUEST)[-1]
            self.tap.equal("an address that another host has is declined", (declined.address(50), declined.address(54)), ("10.9.0.50", "10.9.0.1"))
            server.offer = "10.9.0.52"
            self.bound(program, "10.9.0.52")
            again = server.of(DISCOVER)[-1]
            # The decline came later than this request, and may have been heard much later on a busy machine.
            self.tap.report(again.time - refused.time > 9, "and another looked for, not at once", f"{again.time - refused.time}")
            self.end(program, "conflict")

    def names(self):
        """Names of dnsmasq, whose address comes by DHCP."""
        many = [f"--host-record=many.lan,198.51.100.{i}" for i in range(1, 120)]
        with Lab() as l:
            host = self.host(l)
            host.serve_names("tap0", "--dhcp-range=10.9.0.100,10.9.0.150,120s", "--no-ping", "--domain=lan", "--local=/lan/", "--local-ttl=60",
                             "--host-record=www.lan,10.9.0.1,fd09::1", "--cname=web.lan,www.lan", "--txt-record=text.lan,one,two",
                             "--srv-host=_http._tcp.lan,www.lan,8000,5,1", *many)
            commands = ["v4 www.lan", "v6 www.lan", "v4 web.lan", "txt text.lan", "srv _http._tcp.lan", "v4 nothing.lan", "v6 many.lan", "v4 www",
                        "v4 many.lan"]
            program = self.start(host, "lookup", "--dhcp", *[f"--command={c}" for c in commands])
            status = program.wait()
            said = [line for line in program.said().splitlines() if line.split(":")[0] in commands]
            self.tap.equal("A, AAAA, CNAME, TXT, SRV, nothing, and a short name", said[:-1],
                           ["v4 www.lan: 10.9.0.1", "v6 www.lan: fd09::1", "v4 web.lan: 10.9.0.1", "txt text.lan: [onetwo]",
                            "srv _http._tcp.lan: 5/1/www.lan:8000", "v4 nothing.lan: not found", "v6 many.lan: not found", "v4 www: 10.9.0.1"])
            self.tap.report(said and said[-1].count("198.51.100.") == 16, "what doesn't fit in a datagram comes by TCP", program.said())
            self.tap.report(status == 0 and "runtime error" not in program.said() and "ERROR: " not in program.said(), "names: it ends well", program.said())

    def fetch(self):
        """Get a page by name, with DHCP and DNS. There is no server on IPv6, so IPv4 must be tried next."""
        with Lab() as l:
            host = self.host(l, "fd09::1/64")
            host.serve_names("tap0", "--dhcp-range=10.9.0.100,10.9.0.150,120s", "--no-ping", "--host-record=www.lan,10.9.0.1,fd09::1",
                             "--host-record=slow.lan,10.9.0.1,fd09::66")
            (l.folder / "page").write_text("a page\n" * 1000)
            server = host.start(sys.executable, "-m", "http.server", "--bind", "10.9.0.1", "--directory", l.folder, "8000")
            until(lambda: host.answers("10.9.0.1", 8000), server.said)
            for name in ("www.lan", "slow.lan"):
                begun = time.monotonic()
                program = self.start(host, "http-fetch", "--dhcp", "--ipv6=fd09::2/64", f"--url=http://{name}:8000/page")
                status = program.wait()
                said = program.said()
                self.tap.report(status == 0 and said.count("a page\n") == 1000 and "200 OK" in said, f"http-fetch of {name}", said[-3000:])
                print(f"# {time.monotonic() - begun:.1f} s")

    def rdnss(self):
        """Addresses, servers and domains by router advertisements alone."""
        if lab.lacking("radvd"):
            self.tap.skip("RDNSS", lab.lacking("radvd"))
            return
        with Lab() as l:
            host = self.host(l, "fd0a::1/64")
            host.serve_names("tap0", "--host-record=www.lan,192.0.2.80,2001:db8::80")
            host.advertise("tap0", "prefix fd0a::/64 { }; RDNSS fd0a::1 { AdvRDNSSLifetime 60; }; DNSSL lan { AdvDNSSLLifetime 60; };")
            program = self.start(host, "lookup", "--command=v6 www.lan", "--command=v4 www")
            status = program.wait()
            said = [line for line in program.said().splitlines() if line.startswith("v")]
            self.tap.report(status == 0 and said == ["v6 www.lan: 2001:db8::80", "v4 www: 192.0.2.80"], "names by a server that a router tells", program.said())


TESTS = ["lease", "renewal", "refusal", "errors", "reboot", "conflict", "names", "fetch", "rdnss"]


def main():
    mirage, source, work = (Path(word).resolve() for word in sys.argv[1:4])
    return lab.run_tests(Tests(Tap(), mirage, source, work), sys.argv[4:] or TESTS, "dnsmasq", "ping")


if __name__ == "__main__":
    sys.exit(main())
