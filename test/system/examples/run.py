#!/usr/bin/env python3
"""run.py MIRAGE SOURCE WORK PART [EXAMPLE...]: builds the examples every way that a user might and checks that they do
what they say. PART is plain, network or website. Names of examples leave out the others of the part."""

import gzip
import html
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from tap import Tap, mirage_environment, run

DEFAULT = ["--development", "--cc=cc", "--sanitize=none"]
VARIANTS = {
    "as it is": DEFAULT,
    "with Clang": ["--development", "--cc=clang", "--sanitize=none"],
    "--release": ["--release", "--cc=cc", "--sanitize=none"],
    "--release with Clang": ["--release", "--cc=clang", "--sanitize=none"],
    "--sanitize=address,undefined": ["--development", "--cc=cc", "--sanitize=address,undefined"],
}


class Examples:
    def __init__(self, tap, mirage, source, work, asked=()):
        self.tap, self.mirage, self.source, self.work, self.asked = tap, mirage, source, work, asked
        self.env = mirage_environment(work.parent)

    def wants(self, name):
        return not self.asked or name in self.asked

    def copy(self, name):
        shutil.copytree(self.source / "examples" / name, self.work / "examples" / name, symlinks=True,
                        ignore=shutil.ignore_patterns("_build", "compile_commands.json"))

    def build(self, name, variant, *more):
        """The program's path, or None: it was not built, or not in silence."""
        status, out, err = run([self.mirage, "build", f"examples/{name}", *VARIANTS[variant], *more], self.work, self.env)
        program = self.work / out.strip()
        good = status == 0 and err == "" and program.is_file() and len(out.splitlines()) == 1
        self.tap.report(good, f"{name} builds {variant}, without a warning", out + err)
        return program if good else None

    def variants(self, name):
        for variant in VARIANTS if self.wants(name) else ():
            if "Clang" in variant and shutil.which("clang") is None:
                self.tap.report(True, f"{name} {variant} # SKIP there is no clang")
                continue
            program = self.build(name, variant)
            if program is not None:
                yield variant, program

    def command(self, program):
        return [str(program)]

    def run(self, program, *words):
        return run([*self.command(program), *words], self.work, self.env)


def exactly(expected, *words):
    return lambda s, program: (s.run(program, *words), (0, expected, ""))


def matching(pattern, *words):
    def check(s, program):
        status, out, err = s.run(program, *words)
        good = status == 0 and err == "" and re.fullmatch(pattern, out)
        return (status, out, err), (0, out if good else f"something like\n{pattern}", "")
    return check


def file_disk(s, program):
    """The same checks on a file, given when it runs."""
    disk = s.work / "disk.img"
    disk.write_bytes(bytes(64 * 512))
    status, out, err = s.run(program, f"--disk={disk}")
    return (status, out.splitlines()[0], out.splitlines()[-1], err), \
        (0, "64 sectors of 512 bytes, writable", "17 passed, 0 failed", "")


FILES = """\
empty.txt: 0 bytes, text/plain; charset=utf-8
fox.txt: 45 bytes, text/plain; charset=utf-8
The quick brown fox jumps over the lazy dog.
poems/couplet.txt: 93 bytes, text/plain; charset=utf-8
A fiber waited, calm, for bytes to come;
the loop went round and found that there were some.
"""

TIMEOUTS = """\
  asking ended with: an answer
A quick one, within the deadline: OK
  asking ended with: timed out
A slow one, past the deadline: timed out
  asking ended with: cancelled
A slow one, cancelled: cancelled
"""

APP_INFO = r"""app-info, for the target linux, (for development|optimised across modules)
Modules:
  console_unix: CONSOLE = console_unix\(\), from devices/console/console_unix.c
  socket_stack: STACK = socket_stack\(\), from devices/stack/socket_stack
  app_info: JOB = app_info\(console_unix, socket_stack\), from unikernel.c
Arguments:
(  \w+ of socket_stack: .*
)*  greeting of app_info: an argument, to be listed below
Addresses:
(  [0-9a-f:.]+/\d+
)*"""

PLAIN = {
    "noop": exactly(""),
    "hello": exactly("hello\nworld\n", "--repeats=1"),
    "hello-key": exactly("Hello World!\n"),
    "app-info": matching(APP_INFO),
    "heads": exactly("Both sides:\nHeads\nTails\nThe first side:\nHeads\nFinished\n", "--toss=300ms"),
    "timeouts": exactly(TIMEOUTS, "--patience=400ms"),
    "echo-mailbox": exactly("".join(f"line {i}\n" for i in range(1, 13)), "--lines=12", "--pause=20ms"),
    "clock": matching(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z, \d+ ms after the start\n){3}", "--times=3", "--every=20ms"),
    "random": matching(r"A key: [0-9a-f]{32}\nA number: \d+\n(A die: [1-6]\n){20}", "--throws=20"),
    "kv_ro": exactly(FILES),
    "block": matching(r"2048 sectors of 512 bytes, writable\n(passed: .*\n){17}17 passed, 0 failed\n"),
}


def plain(s):
    for name, check in PLAIN.items():
        s.copy(name)
        for variant, program in s.variants(name):
            got, expected = check(s, program)
            s.tap.equal(f"{name} {variant} does what it says", got, expected)
    keyed = {
        "hello-key": (["--greeting=Good morning!"], exactly("Good morning!\n")),
        "kv_ro": (["--kv=direct"], exactly(FILES)),
        "block": (["--disk=file"], file_disk),
    }
    for name, (words, check) in keyed.items():
        program = s.build(name, "as it is", *words) if s.wants(name) else None
        if program is not None:
            got, expected = check(s, program)
            s.tap.equal(f"{name} {words[0]}", got, expected)


class Server:
    """A program that listens on a port of its choice, and how it ends."""

    def __init__(self, s, program, *words):
        self.s = s
        self.log = s.work / "server.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([*s.command(program), "--port=0", *words], cwd=s.work, env=s.env, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT)
        self.port = self.wait_for_port()

    def said(self):
        return self.log.read_text()

    def wait_for_port(self):
        end = time.monotonic() + 200
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(r"\bport (\d+)", self.said())
            if found:
                return int(found[1])
            time.sleep(0.02)
        return None

    def stop(self, name):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(200)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "it didn't end"
        self.s.tap.report(status == 0, name, f"{status}\n{self.said()}")


def echoes(port):
    """Two connections at a time, one of them with more than any buffer holds."""
    large = bytes(range(256)) * 4096
    with socket.create_connection(("127.0.0.1", port), 100) as a, socket.create_connection(("localhost", port), 100) as b:
        a.settimeout(200)
        b.sendall(b"hi\n")
        if b.recv(100) != b"hi\n":
            return False
        got = bytearray()
        view = memoryview(large)
        while view:
            view = view[a.send(view[:65536]):]
            got += a.recv(1 << 20)
        a.shutdown(socket.SHUT_WR)
        while piece := a.recv(1 << 20):
            got += piece
        return bytes(got) == large


NETWORK = ("network", "ping", "http-fetch")


def network(s):
    for name in NETWORK:
        s.copy(name)
    for variant, program in s.variants("network"):
        server = Server(s, program)
        s.tap.report(server.port is not None and echoes(server.port), f"network {variant} echoes", server.said())
        server.stop(f"network {variant} ends when it is asked to")
    for variant, program in s.variants("ping"):
        ping(s, variant, program)
    for variant, program in s.variants("http-fetch"):
        fetch(s, variant, program)


def ping(s, variant, program):
    status, out, err = s.run(program, "--host=127.0.0.1", "--count=2", "--interval=10ms")
    if "lets this program send no ICMP" in err:
        s.tap.report(status == 1, f"ping {variant} # SKIP the host permits no ICMP")
        return
    good = re.fullmatch(r"(64 bytes from 127\.0\.0\.1: sequence \d, \d+\.\d{3} ms\n){2}2 sent, 2 answered\n", out)
    s.tap.report(status == 0 and good and err == "", f"ping {variant} is answered", out + err)


def fetch(s, variant, program):
    """From a server of another make."""
    (s.work / "served").mkdir(exist_ok=True)
    (s.work / "served" / "a.txt").write_text("some content\n")
    code = "import http.server as h, functools as f; s = h.ThreadingHTTPServer(('127.0.0.1', 0), " \
           "f.partial(h.SimpleHTTPRequestHandler, directory='served')); print(s.server_port, flush=True); s.serve_forever()"
    with subprocess.Popen([sys.executable, "-c", code], cwd=s.work, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as server:
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        s.tap.equal(f"http-fetch {variant} prints status and content", s.run(program, f"--url={url}/a.txt"),
                    (0, "200 OK\nsome content\n", ""))
        status, out, err = s.run(program, f"--url={url}/none")
        s.tap.report(status == 0 and out.startswith("404 Not Found\n"), f"http-fetch {variant} of what is not there", out + err)
        server.terminate()
    status, out, err = s.run(program, f"--url={url}/a.txt")
    s.tap.report(status == 1 and "job fetch failed: connection refused" in err, f"http-fetch {variant} from nobody", out + err)


class Links(HTMLParser):
    """A page's links and the places that links can lead to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.remote = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if "id" in attrs:
            self.ids.add(attrs["id"])
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])
        target = attrs.get("src") or (attrs.get("href") if tag == "link" else None)
        if tag == "script" or (target and urlsplit(target).netloc):
            self.remote.append(f"{tag} {target}")


class Site:
    def __init__(self, s, server):
        self.s, self.base = s, f"http://localhost:{server.port}"

    def get(self, path, *words):
        """Status, fields and content, by curl."""
        done = subprocess.run(["curl", "-s", "-i", "--max-time", "100", "--path-as-is", *words, self.base + path],
                              capture_output=True, timeout=300)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        fields = dict((k.lower(), v) for k, _, v in (line.partition(": ") for line in lines[1:]))
        return int(lines[0].split()[1]) if len(lines[0].split()) > 1 else 0, fields, content

    def check(self, name, good, details=""):
        self.s.tap.report(bool(good), f"website {name}", str(details))


def variants_of_a_page(site, path):
    status, fields, plain = site.get(path)
    site.check(f"{path}: a page of the right length", status == 200 and int(fields["content-length"]) == len(plain), fields)
    status, zipped, content = site.get(path, "-H", "Accept-Encoding: gzip")
    site.check(f"{path}: its gzip variant", status == 200 and zipped.get("content-encoding") == "gzip"
               and len(content) < len(plain) and gzip.decompress(content) == plain, zipped)
    site.check(f"{path}: has another tag", zipped["etag"] != fields["etag"] and zipped["vary"] == "Accept-Encoding", zipped)
    for tag, words in ((fields["etag"], []), (zipped["etag"], ["-H", "Accept-Encoding: gzip"])):
        status, fields304, nothing = site.get(path, "-H", f"If-None-Match: {tag}", *words)
        site.check(f"{path}: 304 for {tag}", status == 304 and nothing == b"" and fields304["etag"] == tag, fields304)
    status, head, nothing = site.get(path, "-I")
    head.pop("date"), fields.pop("date")
    site.check(f"{path}: HEAD says the same", status == 200 and nothing == b"" and head == fields, (head, fields))
    return plain, content


def ranges(site, path, whole, words):
    n = len(whole)
    for asked, first, last in ((f"0-9", 0, 9), ("-5", n - 5, n - 1), (f"{n // 3}-", n // 3, n - 1), (f"1-{n}", 1, n - 1),
                               (f"{n // 4}-{n * 3 // 4}", n // 4, n * 3 // 4)):
        status, fields, content = site.get(path, "-H", f"Range: bytes={asked}", *words)
        site.check(f"{path}: range {asked}", status == 206 and content == whole[first:last + 1]
                   and fields["content-range"] == f"bytes {first}-{last}/{n}", fields)
    status, fields, _ = site.get(path, "-H", f"Range: bytes={n}-", *words)
    site.check(f"{path}: 416 behind its end", status == 416 and fields["content-range"] == f"bytes */{n}", fields)


def errors(site):
    status, fields, content = site.get("/no/such/page")
    site.check("404 has a page of its own", status == 404 and b"<h1>Not found</h1>" in content
               and fields["content-type"] == "text/html; charset=utf-8" and "content-security-policy" in fields, fields)
    for path in ("/one.title", "/page.html", "/../config.c", "/%2e%2e/config.c", "/one.html/"):
        status, fields, _ = site.get(path)
        site.check(f"has no {path}", status == 404, (status, fields))
    status, fields, _ = site.get("/one.html", "-X", "POST", "-d", "x")
    site.check("405 for POST", status == 405 and fields["allow"] == "GET, HEAD, OPTIONS", (status, fields))
    status, fields, _ = site.get("/more")
    site.check("sends a folder's visitor to its slash", status == 301 and fields["location"] == "/more/", (status, fields))


def fixed_pages(site):
    plain, zipped = variants_of_a_page(site, "/one.html")
    ranges(site, "/one.html", plain, [])
    ranges(site, "/one.html", zipped, ["-H", "Accept-Encoding: gzip"])
    text = plain.decode()
    expected = ["<title>One &amp; only · A test's site</title>", '<a href="/one.html" aria-current="page">One &amp; only</a>',
                '<a href="/" rel="prev">', '<a href="/two.html" rel="next">Two</a>', "<h2>First part</h2>", "<h2>Second part</h2>"]
    missing = [words for words in expected if words not in text]
    site.check("page has its title, contents and neighbours", not missing, missing)
    order = re.findall(r'<li><a href="([^"]*)"', text.partition("</nav>")[0])
    site.check("contents are in the index's order", order == ["/", "/one.html", "/two.html", "/more/"], order)
    _, _, below = site.get("/more/below.html")
    site.check("page that the index lacks is within its folder", b'<a href="/more/" aria-current="true">More</a>' in below, below)
    _, _, two = site.get("/two.html")
    code = re.search(r'<pre><code class="language-c">(.*?)</code></pre>', two.decode(), re.S)
    bare = html.unescape(re.sub(r"<[^>]*>", "", code[1])) if code else ""
    site.check("code is in colours, and the same", bare == "int main(void) { return 1 < 2 && 3 > 2; } /* \"x\" */\n"
               and '<span class="keyword">return</span>' in code[1]
               and '<span class="comment">/* &quot;x&quot; */</span>' in code[1], two.decode())
    errors(site)

    for path, kind, size in (("/style.css", "text/css", None), ("/favicon.svg", "image/svg+xml", None),
                             ("/favicon.ico", "image/", None), ("/robots.txt", "text/plain", None),
                             ("/notes.txt", "text/plain", None), ("/bench/1k.html", "text/html", 1024)):
        status, fields, content = site.get(path)
        site.check(f"file {path}", status == 200 and fields["content-type"].startswith(kind) and size in (None, len(content))
                   and "default-src 'none'" in fields["content-security-policy"]
                   and fields["x-content-type-options"] == "nosniff", fields)
    variants_of_a_page(site, "/style.css")


def crawl(site):
    """Every page that can be reached, and every place that they link to."""
    pages, broken, remote, todo = {}, [], [], ["/"]
    while todo:
        path = todo.pop()
        if path in pages:
            continue
        status, fields, content = site.get(path)
        if not fields.get("content-type", "").startswith("text/html"):
            pages[path] = None
            broken += [] if status == 200 else [path]
            continue
        pages[path] = page = Links(content.decode())
        broken += [] if status == 200 else [path]
        remote += page.remote
        todo += [urlsplit(urljoin(path, link)).path for link in page.links if not urlsplit(link).scheme]
    for path, page in pages.items():
        for link in page.links if page else []:
            to = urlsplit(urljoin(path, link))
            if not to.scheme and to.fragment and pages.get(to.path) and to.fragment not in pages[to.path].ids:
                broken.append(f"{path} links to {link}")
    site.check(f"links lead somewhere, on {len(pages)} pages", not broken, "\n".join(broken))
    site.check("takes nothing from elsewhere", not remote, remote)


def port_is_taken(s, server, program):
    status, out, err = s.run(program, f"--port={server.port}")
    s.tap.report(status == 1 and f"Port {server.port} is taken: choose another with --port." in out,
                 "website says that a port is taken", out + err)


def website(s):
    s.copy("website")
    shutil.copytree(Path(__file__).resolve().parent / "docs", s.work / "docs")
    for variant, program in s.variants("website"):
        server = Server(s, program)
        s.tap.report(server.port is not None and "Serving" in server.said(), f"website {variant} serves", server.said())
        if server.port is not None:
            site = Site(s, server)
            if variant in ("as it is", "--sanitize=address,undefined"):
                fixed_pages(site)
                port_is_taken(s, server, program)
            crawl(site)
        server.stop(f"website {variant} ends when it is asked to")
        s.tap.report("GET" not in server.said(), f"website {variant} logs no request by itself", server.said())

    if not (s.source / "docs" / "index.md").is_file():
        s.tap.report(True, "website of the project's documentation # SKIP there is no docs/index.md")
        return
    shutil.rmtree(s.work / "docs")
    shutil.copytree(s.source / "docs", s.work / "docs")
    program = s.build("website", "as it is", "--kv=direct")
    if program is not None:
        server = Server(s, program, "--log=website:debug")
        site = Site(s, server)
        crawl(site)
        site.check("reads its files when it runs", site.get("/style.css")[0] == 200)
        server.stop("website of the project's documentation ends when it is asked to")
        s.tap.report("website: GET /style.css" in server.said(), "website logs requests when it is asked to", server.said())


def main():
    mirage, source, work = (Path(word).resolve() for word in sys.argv[1:4])
    part, asked = sys.argv[4], sys.argv[5:]
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    tap = Tap()
    check, names = {"plain": (plain, PLAIN), "network": (network, NETWORK), "website": (website, ["website"])}[part]
    unknown = [name for name in asked if name not in names]
    if unknown:
        tap.report(False, "there are examples of these names", f"there is no {unknown[0]} in examples {part}, which has {', '.join(names)}")
    else:
        check(Examples(tap, mirage, source, work, asked))
    sys.exit(tap.end())


if __name__ == "__main__":
    main()
