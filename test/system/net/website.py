#!/usr/bin/env python3
"""examples/website on the project's own stack over a tap, against programs that know nothing of it: curl, wrk, Chromium, ping, nmap,
dnsmasq, radvd and the kernel's sockets.

website.py MIRAGE SOURCE-FOLDER WORK-FOLDER [TEST...]
"""

import importlib.util
import re
import shutil
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import lab
from lab import Lab, LabError, until
from tap import ROOT, Tap

spec = importlib.util.spec_from_file_location("examples_run", ROOT / "test/system/examples" / "run.py")
examples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(examples)

V4, V6 = "10.9.0.2", "fd09::2"
STATIC = ["--ipv4=10.9.0.2/24", "--ipv6=fd09::2/64"]
VARIANTS = {
    "release": ["--cc=clang", "--release"],
    "sanitized": ["--cc=gcc", "--sanitize=address,undefined"],
}


def url(address, scope=None):
    return f"http://[{address}{'%25' + scope if scope else ''}]" if ":" in address else f"http://{address}"


class Site(examples.Site):
    """Makes the requests of the examples' tests at an address."""

    def __init__(self, tap, name, base):
        self.s, self.name, self.base = SimpleNamespace(tap=tap), name, base

    def check(self, name, good, details=""):
        self.s.tap.report(bool(good), f"{self.name}: {name}", str(details))


class Tests:
    def __init__(self, tap, mirage, source, work):
        self.tap, self.mirage, self.source, self.work = tap, mirage, source, work
        self.programs = {}

    def build(self):
        for name, options in VARIANTS.items():
            work = self.work / name
            lab.copy_tree(self.source / "examples" / "website", work / "examples" / "website")
            lab.copy_tree(ROOT / "test/system/examples" / "docs", work / "docs")
            self.programs[name] = lab.build(self.mirage, "examples/website", work, "--net=direct", *options)

    def host(self, lab_, *more):
        host = lab_.namespace()
        host.tap("tap0", "10.9.0.1/24", "fd09::1/64", *more)
        return host

    def serve(self, host, variant="sanitized", *words, addresses=(V4, V6)):
        program = host.start(self.programs[variant], "--interface=tap0", "--port=80", "--log=*:info,website:debug", *words)
        for address in addresses:
            until(lambda: host.answers(address, 80), program.said)
        return program

    def end(self, program, name):
        lab.ends_well(self.tap, program, name)

    # Each test has namespaces of its own.

    def pages(self):
        """The website's answers are those over sockets: pages, ranges, conditions, gzip, HEAD, errors, links."""
        with Lab() as l:
            host = self.host(l)
            program = self.serve(host, "sanitized", *STATIC)
            local = re.search(r"address (fe80::[0-9a-f:]+)/64", program.said())[1]
            with host.inside():
                examples.fixed_pages(Site(self.tap, "IPv4", url(V4)))
                for name, base in (("IPv4", url(V4)), ("IPv6", url(V6)), ("link-local", url(local, "tap0"))):
                    site = Site(self.tap, name, base)
                    examples.variants_of_a_page(site, "/one.html")
                    examples.crawl(site)
                self.connections(host)
                self.uploads()
            self.end(program, "pages")

    def connections(self, host):
        done = host.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code} %{num_connects}\n", *[url(V4) + "/one.html", "-o", "/dev/null"] * 20)
        lines = done.stdout.splitlines()
        self.tap.equal("curl keeps a connection alive", lines, ["200 1"] + ["200 0"] * 19)
        with host.connect(V4, 80) as s:
            n, got = 500, b""
            asked = b"".join(b"GET /one.html HTTP/1.1\r\nHost: a\r\nRange: bytes=%d-%d\r\n\r\n" % (i, i) for i in range(n))
            s.sendall(asked)
            s.shutdown(socket.SHUT_WR)
            while piece := s.recv(1 << 16):
                got += piece
        ranges = [int(i) for i in re.findall(rb"Content-Range: bytes (\d+)-", got)]
        self.tap.report(ranges == list(range(n)), f"{n} pipelined requests are answered in their order", f"{len(ranges)}: {got[-500:]}")

    def uploads(self):
        site = Site(self.tap, "uploads", url(V4))
        large = self.work / "large"
        large.write_bytes(b"0123456789abcdef" * (1 << 18))
        for name, words in (("with a length", []), ("in chunks", ["-H", "Transfer-Encoding: chunked"]), ("unasked", ["-H", "Expect:"])):
            status, fields, content = site.get("/one.html", "--data-binary", f"@{large}", *words)
            site.check(f"4 MiB {name} is refused", status in (405, 413) and fields.get("connection") == "close", (status, fields, content))
        status, fields, _ = site.get("/one.html", "--data-binary", "x" * 1000, "-H", "Transfer-Encoding: chunked")
        site.check("a short one in chunks is 405", status == 405 and "connection" not in fields, (status, fields))

    def echoes(self):
        """ping, of one frame and of many, to every kind of address."""
        with Lab() as l:
            host = self.host(l)
            program = self.serve(host, "sanitized", *STATIC)
            local = re.search(r"address (fe80::[0-9a-f:]+)/64", program.said())[1]
            for to in (V4, V6, f"{local}%tap0"):
                for size in (0, 56, 1400, 1473, 4000, 20000, 65000):
                    done = host.run("ping", "-n", "-c", 3, "-i", "0.02", "-W", 5, "-s", size, to, check=False)
                    self.tap.report(" 3 received" in done.stdout, f"ping {'link-local' if '%' in to else to}, {size} bytes", done.stdout + done.stderr)
            done = host.run("ping", "-n", "-f", "-c", 3000, V4, check=False)
            self.tap.report(" 0% packet loss" in done.stdout, "a flood of pings is answered", done.stdout)
            # Every host, and every router, which it isn't.
            self.tap.report(local in host.run("ping", "-n", "-c", 2, "-i", "0.1", "ff02::1%tap0", check=False).stdout, "all hosts on the link answer")
            self.tap.report(local not in host.run("ping", "-n", "-c", 1, "-W", 1, "ff02::2%tap0", check=False).stdout, "it is no router")
            self.end(program, "echoes")

    def closed(self):
        """A port on which nobody listens answers at once, with a reset for TCP and an ICMP error for UDP."""
        with Lab() as l:
            host = self.host(l)
            program = self.serve(host, "sanitized", *STATIC)
            for address in (V4, V6):
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                with host.inside(), socket.socket(family, socket.SOCK_STREAM) as s:
                    s.settimeout(50)
                    self.tap.equal(f"TCP port 81 of {address} is refused", s.connect_ex((address, 81)), 111)
                with host.inside(), socket.socket(family, socket.SOCK_DGRAM) as s:
                    s.settimeout(50)
                    s.connect((address, 81))
                    s.send(b"x" * 100)
                    try:
                        result = s.recv(10)
                    except OSError as e:
                        result = e.errno
                    self.tap.equal(f"UDP port 81 of {address} is unreachable", result, 111)
            self.end(program, "closed")

    def nmap(self):
        reason = lab.lacking("nmap")
        if reason:
            self.tap.skip("nmap", reason)
            return
        with Lab() as l:
            host = self.host(l)
            program = self.serve(host, "sanitized", *STATIC)
            for address in (V4, V6):
                words = ["-6"] if ":" in address else []
                done = host.run("nmap", *words, "-n", "-Pn", "-sS", "-p", "1-2000", "--host-timeout", "120s", address, seconds=1500)
                self.tap.report("1999 closed" in done.stdout and "80/tcp open" in done.stdout, f"a SYN scan of {address} sees one open port", done.stdout)
                done = host.run("nmap", *words, "-n", "-Pn", "-sV", "--version-intensity", "9", "-O", "-p", "80,81", "--host-timeout", "120s",
                                address, seconds=1500)
                self.tap.report(re.search(r"80/tcp open +http", done.stdout), f"probes of {address} find HTTP", done.stdout)
                host.run("nmap", *words, "-n", "-Pn", "-sF", "-p", "79-81", "--host-timeout", "120s", address, seconds=1500)
                host.run("nmap", *words, "-n", "-Pn", "-sX", "-p", "79-81", "--host-timeout", "120s", address, seconds=1500)
            self.tap.report(until(lambda: host.answers(V4, 80) and host.answers(V6, 80), program.said), "it serves afterwards")
            self.end(program, "nmap")

    def wrk(self):
        reason = lab.lacking("wrk")
        if reason:
            self.tap.skip("wrk", reason)
            return
        with Lab() as l:
            host = self.host(l)
            program = self.serve(host, "release", *STATIC, "--log=*:info")
            for address in (V4, V6):
                done = host.run("prlimit", "--nofile=4096:4096", "wrk", "-t", 2, "-c", 1000, "-d", "2s", "--timeout", "20s", url(address) + "/bench/1k.html",
                                seconds=600)
                rate = re.search(r"Requests/sec: +([\d.]+)", done.stdout)
                bad = [line for line in done.stdout.splitlines() if "errors" in line or "Non-2xx" in line]
                self.tap.report(rate and float(rate[1]) > 0 and not bad, f"wrk with 1000 connections to {address}", done.stdout)
                print(f"# {address}: {rate[1] if rate else 0} requests a second")
                self.tap.report(until(lambda: host.answers(address, 80), program.said), f"{address} answers afterwards")
            self.end(program, "wrk")

    def chromium(self):
        browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if browser is None:
            self.tap.skip("Chromium", "not installed: chromium")
            return
        with Lab() as l:
            host = self.host(l)
            program = self.serve(host, "sanitized", *STATIC)
            for address in (V4, V6):
                profile = l.file("profile")
                done = host.run(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                                "--no-first-run", "--disable-extensions", f"--user-data-dir={profile}", "--enable-logging=stderr", "--timeout=20000",
                                f"--screenshot={profile}.png", "--dump-dom", url(address) + "/", seconds=1200, check=False)
                said = [line for line in done.stderr.splitlines() if "CONSOLE" in line or "ERR_" in line]
                self.tap.report("</html>" in done.stdout and "<h1" in done.stdout, f"Chromium shows {address}", done.stdout[:2000] + done.stderr[-2000:])
                self.tap.equal(f"{address}: nothing on its console", said, [])
            asked = program.said()
            self.tap.report("GET / " in asked.replace("\n", " \n") and "GET /style.css" in asked, "it asked for page and style", asked[-2000:])
            self.end(program, "Chromium")

    def has(self, argument):
        """The reason why the program cannot be configured in this way, or None."""
        with Lab() as l:
            said = l.namespace().run(self.programs["sanitized"], "--help").stdout
        return None if argument in said else f"the program has no --{argument}"

    def dhcp(self):
        reason = lab.lacking("dnsmasq") or self.has("dhcp")
        if reason:
            self.tap.skip("DHCP", reason)
            return
        with Lab() as l:
            host = self.host(l)
            # The server listens on every address, so that this tests the lease.
            server = host.serve_names("tap0", "--dhcp-range=10.9.0.100,10.9.0.150,120s", "--dhcp-option=option:router,10.9.0.1")
            program = host.start(self.programs["sanitized"], "--interface=tap0", "--port=80", "--dhcp", "--log=*:info")
            try:
                lease = until(lambda: server.leases.exists() and re.search(r"(10\.9\.0\.\d+)", server.leases.read_text()), "a lease")[1]
                until(lambda: host.answers(lease, 80), "the leased address answers")
                with host.inside():
                    examples.crawl(Site(self.tap, "DHCP", url(lease)))
                self.tap.report(True, "DHCP: the website is where the lease says")
            except LabError as e:
                self.tap.report(False, "DHCP: the website is where the lease says", f"{e}\n{program.said()}\n{server.said()}")
            self.end(program, "DHCP")

    def slaac(self):
        reason = lab.lacking("radvd") or self.has("accept-ra")
        if reason:
            self.tap.skip("SLAAC", reason)
            return
        with Lab() as l:
            host = self.host(l, "fd0a::1/64")
            router = host.advertise("tap0", "prefix fd0a::/64 { };")
            program = host.start(self.programs["sanitized"], "--interface=tap0", "--port=80", "--log=*:info")
            try:
                address = program.wait_for(r"address (fd0a:[0-9a-f:]+)/64")[1]
                until(lambda: host.answers(address, 80), "the address answers")
                with host.inside():
                    examples.crawl(Site(self.tap, "SLAAC", url(address)))
                self.tap.report(True, "SLAAC: the website is below the advertised prefix")
                self.routed(l, host, address)
            except LabError as e:
                self.tap.report(False, "SLAAC: the website is below the advertised prefix", f"{e}\n{program.said()}\n{router.said()}")
            self.end(program, "SLAAC")

    def routed(self, l, router, address):
        """A client is behind the advertised router."""
        client = l.namespace()
        router.veth("out0", client, "in0")
        router.up("out0", "fd0b::1/64")
        client.up("in0", "fd0b::2/64")
        client.ip("-6 route add default via fd0b::1")
        until(lambda: client.answers(address, 80), "a client beyond the router is answered")
        self.tap.report(True, "SLAAC: so are clients beyond the router")


TESTS = ["pages", "echoes", "closed", "nmap", "wrk", "chromium", "dhcp", "slaac"]


def main():
    mirage, source, work = (Path(word).resolve() for word in sys.argv[1:4])
    return lab.run_tests(Tests(Tap(), mirage, source, work), sys.argv[4:] or TESTS, "curl", "ping")


if __name__ == "__main__":
    sys.exit(main())
