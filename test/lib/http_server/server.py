#!/usr/bin/env python3
"""Tests an HTTP server end to end: a process on loopback, with raw sockets as clients. Prints TAP.

server.py MIRAGE SOURCE-FOLDER [MIRAGE-BUILD-OPTION...]
"""
import email.utils
import gzip
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from tap import Tap, rests

TIMEOUT = 300  # seconds for a single wait, many times what any takes
tap = Tap()


def check(name, condition, detail=""):
    tap.report(condition, name, "\n".join(str(detail).splitlines()[:20]))


class Server:
    address = "127.0.0.1"
    arguments = ["--listen-on=127.0.0.1"]

    def __init__(self, *command):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([*command, "--port=0", *self.arguments], stdout=self.log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + TIMEOUT
        found = None
        while not found and time.monotonic() < deadline and self.process.poll() is None:
            found = re.search(r"listening on port (\d+)", self.text())
            time.sleep(0.01)
        if not found:
            raise SystemExit("Bail out! the server does not listen: " + self.text())
        self.port = int(found.group(1))

    def text(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def connect(self):
        return socket.create_connection((self.address, self.port), TIMEOUT)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "it does not stop"

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) * 1024

    def stats(self):
        answer = ask(self, get(b"/stats", b"Connection: close\r\n"))
        return {k: int(v) for k, v in (line.split() for line in answer.body.decode().splitlines())}

    def comes_to(self, name, wanted):
        """Wait until one of the stats has this value."""
        deadline = time.monotonic() + TIMEOUT
        while self.stats()[name] != wanted and time.monotonic() < deadline:
            time.sleep(0.02)


class Response:
    def __init__(self, status, fields, body, whole):
        self.status, self.fields, self.body, self.whole = status, fields, body, whole


class Reader:
    """Responses as they come over a connection."""

    def __init__(self, sock, data=b""):
        self.sock, self.buffer, self.reset = sock, b"", False
        sock.settimeout(TIMEOUT)
        if data:
            sock.sendall(data)

    def more(self):
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            self.reset = True
            data = b""
        self.buffer += data
        return data

    def until(self, mark):
        while mark not in self.buffer:
            if not self.more():
                return None
        head, self.buffer = self.buffer.split(mark, 1)
        return head

    def exactly(self, n):
        while len(self.buffer) < n:
            if not self.more():
                break
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def rest(self):
        while self.more():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def response(self, head=False):
        """The next response; status 0 when the connection ended instead."""
        text = self.until(b"\r\n\r\n")
        if text is None:
            return Response(0, {}, self.buffer, False)
        lines = text.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        fields = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            fields[name.lower()] = value.strip()
        if head or status in (100, 204, 304):
            return Response(status, fields, b"", True)
        if fields.get("transfer-encoding") == "chunked":
            body, whole = b"", False
            while True:
                line = self.until(b"\r\n")
                if line is None:
                    break
                size = int(line.split(b";")[0], 16)
                if size == 0:
                    whole = self.until(b"\r\n") == b""
                    break
                body += self.exactly(size)
                whole = self.exactly(2) == b"\r\n"
                if not whole:
                    break
            return Response(status, fields, body, whole)
        if "content-length" in fields:
            n = int(fields["content-length"])
            body = self.exactly(n)
            return Response(status, fields, body, len(body) == n)
        return Response(status, fields, self.rest(), True)


def ask(server, data, head=False):
    with server.connect() as sock:
        return Reader(sock, data).response(head)


H = b"Host: a\r\n"
# Longer than what the site reads at once, and nowhere the same.
LARGE = b"".join(b"%07d\n" % i for i in range(131072))


def get(path, fields=b"", method=b"GET"):
    return method + b" " + path + b" HTTP/1.1\r\n" + H + fields + b"\r\n"


RELEASE = get(b"/release", b"Content-Length: 1\r\n", b"POST") + b"x"


# What is asked, the status, and whether the connection must live on afterwards.
STATUSES = [
    ("a request", get(b"/hello"), 200, True),
    ("HEAD", get(b"/hello", method=b"HEAD"), 200, True),
    ("an empty line before", b"\r\n" + get(b"/hello"), 200, True),
    ("HTTP/1.0", b"GET /hello HTTP/1.0\r\n\r\n", 200, False),
    ("HTTP/1.0 kept alive", b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, True),
    ("Connection: close", get(b"/hello", b"Connection: close\r\n"), 200, False),
    ("close among others", get(b"/hello", b"Connection: TE, Close\r\n"), 200, False),
    ("absolute form", b"GET http://b/hello HTTP/1.1\r\n" + H + b"\r\n", 200, True),
    ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n", 204, True),
    ("no such path", get(b"/nothing"), 404, True),
    ("escape above the root", get(b"/../../../../etc/passwd"), 404, True),
    ("escape in disguise", get(b"/%2e%2e/%2e%2e%2fetc/passwd"), 404, True),
    ("NUL in the path", get(b"/%00"), 400, False),
    ("broken escape", get(b"/%zz"), 400, False),
    ("a wrong method", get(b"/hello", b"Content-Length: 0\r\n", b"POST"), 405, True),
    ("a wrong method for a file", get(b"/index.html", b"", b"DELETE"), 405, True),
    ("POST without a length to a file", get(b"/index.html", b"", b"POST"), 405, True),
    ("POST without a length", get(b"/echo", b"", b"POST"), 411, False),
    ("an unknown method", get(b"/hello", b"", b"BREW"), 405, True),
    ("garbage", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, False),
    ("a line without CR", b"GET / HTTP/1.1\n", 400, False),
    ("no version", b"GET /\r\n", 400, False),
    ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, False),
    ("HTTP/3.0", b"GET / HTTP/3.0\r\n" + H + b"\r\n", 505, False),
    ("CONNECT", b"CONNECT a:80 HTTP/1.1\r\n" + H + b"\r\n", 501, False),
    ("an unknown coding", get(b"/echo", b"Transfer-Encoding: gzip, chunked\r\n", b"POST"), 501, False),
    ("no host", b"GET / HTTP/1.1\r\n\r\n", 400, False),
    ("two hosts", get(b"/", b"Host: b\r\n"), 400, False),
    ("space before a colon", get(b"/", b"X : a\r\n"), 400, False),
    ("a folded line", get(b"/", b"X: a\r\n b\r\n"), 400, False),
    ("both lengths", get(b"/echo", b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"POST") + b"0\r\n\r\n", 400, False),
    ("two lengths", get(b"/echo", b"Content-Length: 1\r\nContent-Length: 2\r\n", b"POST") + b"a", 400, False),
    ("chunked twice", get(b"/echo", b"Transfer-Encoding: chunked, chunked\r\n", b"POST") + b"0\r\n\r\n", 400, False),
    ("chunked not last", get(b"/echo", b"Transfer-Encoding: chunked, gzip\r\n", b"POST") + b"0\r\n\r\n", 400, False),
    ("chunked in HTTP/1.0", b"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, False),
    ("a broken chunk", get(b"/count", b"Transfer-Encoding: chunked\r\n", b"POST") + b"3\r\nabcd\r\n", 400, False),
    ("a long target", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + H + b"\r\n", 414, False),
    ("an endless line", b"A" * 9000, 414, False),
    ("a long field", get(b"/", b"X: " + b"a" * 17000 + b"\r\n"), 431, False),
    ("many fields", get(b"/", b"X: a\r\n" * 64), 431, False),
    ("content too large", get(b"/count", b"Content-Length: 1048577\r\n", b"POST"), 413, False),
    ("chunks too large", get(b"/count", b"Transfer-Encoding: chunked\r\n", b"POST") + (b"80000\r\n" + b"x" * 0x80000 + b"\r\n") * 3, 413, False),
    ("content as large as may be", get(b"/count", b"Content-Length: 1048576\r\n", b"POST") + b"x" * 1048576, 200, True),
    ("an unknown expectation", get(b"/count", b"Expect: tea\r\nContent-Length: 1\r\n", b"POST"), 417, False),
    ("content nobody reads", get(b"/hello", b"Content-Length: 5\r\n") + b"abcde", 200, True),
    ("chunks nobody reads", get(b"/hello", b"Transfer-Encoding: chunked\r\n") + b"5\r\nabcde\r\n0\r\n\r\n", 200, True),
    ("much content nobody reads", get(b"/hello", b"Content-Length: 900000\r\n") + b"x" * 900000, 200, False),
    ("an event that says nothing", get(b"/fail/nothing"), 404, True),
    ("an event's ERR_NOT_FOUND", get(b"/fail/not-found"), 404, True),
    ("an event's ERR_TOO_LARGE", get(b"/fail/too-large"), 413, False),
    ("an event's ERR_TIMEOUT", get(b"/fail/timeout"), 408, False),
    ("an event's ERR_FORMAT", get(b"/fail/format"), 400, False),
    ("an event's ERR_INVALID", get(b"/fail/invalid"), 400, False),
    ("an event's ERR_IO", get(b"/fail/io"), 500, False),
    ("an event's ERR_ACCESS", get(b"/fail/access"), 403, True),
    ("an event's ERR_NO_MEMORY", get(b"/fail/memory"), 503, False),
    ("an empty expectation", get(b"/count", b"Expect:\r\nContent-Length: 1\r\n", b"POST") + b"x", 200, True),
    ("fields that are refused", get(b"/header"), 200, True),
    ("answering twice", get(b"/twice"), 200, True),
    ("a parameter", get(b"/users/7"), 200, True),
    ("OPTIONS of a route", get(b"/users/7", b"", b"OPTIONS"), 204, True),
    ("OPTIONS of a file", get(b"/", b"", b"OPTIONS"), 204, True),
    ("an unacceptable coding", get(b"/", b"Accept-Encoding: identity;q=0, br\r\n"), 406, True),
]


def test_statuses(server):
    for name, data, status, alive in STATUSES:
        with server.connect() as sock:
            reader = Reader(sock)
            try:
                sock.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass
            answer = reader.response(data.startswith(b"HEAD"))
            detail = f"{answer.status} {answer.fields} {answer.body[:200]}"
            good = answer.status == status and answer.whole and "date" in answer.fields
            if status in (405, 204):
                good = good and "allow" in answer.fields
            if answer.status >= 400 and status != 405:
                good = good and answer.body.startswith(str(status).encode())
            if alive:
                good = good and answer.fields.get("connection") != "close"
                sock.sendall(get(b"/hello"))
                after = reader.response()
                detail += f"\nthen {after.status}"
                good = good and after.status == 200 and after.body == b"hello\n"
            else:
                good = good and answer.fields.get("connection") == "close"
                left = reader.rest()
                detail += f"\nthen {left!r} reset {reader.reset}"
                good = good and left == b"" and not reader.reset
            check(f"{name}: {status}", good, detail)


def test_bodies(server):
    chunks = b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: z\r\n\r\n"
    post = get(b"/echo", b"Transfer-Encoding: chunked\r\n", b"POST") + chunks
    answer = ask(server, post)
    check("chunks come back", answer.body == b"hello world" and answer.fields.get("transfer-encoding") == "chunked", answer.body)
    with server.connect() as sock:
        reader = Reader(sock)
        for i in range(len(post)):
            sock.sendall(post[i:i + 1])
        check("and when they come byte by byte", reader.response().body == b"hello world")
    ten = post.replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\nConnection: keep-alive\r\n").replace(chunks, b"hello")
    answer = ask(server, ten)
    check("HTTP/1.0 gets it until close", answer.body == b"hello" and "transfer-encoding" not in answer.fields
          and answer.fields.get("connection") == "close", answer.fields)
    answer = ask(server, get(b"/stream"))
    check("a stream is chunked", answer.body == b"0123456789" * 3 and answer.whole, answer.body)
    answer = ask(server, get(b"/fixed"))
    check("a stream of known length is not", answer.body == b"0123456789" * 3 and answer.fields.get("content-length") == "30")
    answer = ask(server, get(b"/short"))
    check("a response cut short does not look whole", not answer.whole, answer.body)
    with server.connect() as sock:
        reader = Reader(sock, get(b"/stream", method=b"HEAD") + get(b"/fixed", method=b"HEAD") + get(b"/hello"))
        good = reader.response(True).status == 200 and reader.response(True).fields.get("content-length") == "30"
        check("HEAD has no content", good and reader.response().body == b"hello\n")
    large = os.urandom(1 << 20)
    answer = ask(server, get(b"/large"))
    check("16 MiB arrive", len(answer.body) == 16 << 20 and answer.whole, len(answer.body))
    with server.connect() as sock:
        reader = Reader(sock)
        sender = threading.Thread(target=sock.sendall, args=(get(b"/echo", b"Content-Length: 1048576\r\n", b"POST") + large,))
        sender.start()
        check("1 MiB comes back", reader.response().body == large)
        sender.join(TIMEOUT)


def test_continue(server):
    head = get(b"/count", b"Expect: 100-continue\r\nContent-Length: 5\r\n", b"POST")
    with server.connect() as sock:
        reader = Reader(sock, head)
        first = reader.response()
        sock.sendall(b"abcde")
        check("100 before the content is sent", first.status == 100 and reader.response().body == b"5\n")
    with server.connect() as sock:
        check("no 100 when it came already", Reader(sock, head + b"abcde").response().status == 200)
    answer = ask(server, get(b"/hello", b"Expect: 100-continue\r\nContent-Length: 5\r\n"))
    check("no 100 for content nobody reads, and close", answer.status == 200 and answer.fields.get("connection") == "close", answer.fields)


def test_pipelining(server):
    with server.connect() as sock:
        n = 1000
        reader = Reader(sock)
        sender = threading.Thread(target=sock.sendall, args=((get(b"/hello") + get(b"/digits.txt")) * n,))
        sender.start()
        good = all(reader.response().body == b"hello\n" and reader.response().body == b"0123456789" for _ in range(n))
        sender.join(TIMEOUT)
        check("2000 requests in a row", good)
    with server.connect() as sock:
        reader = Reader(sock, get(b"/hello") * 3 + b"garbage\r\n" + get(b"/hello"))
        statuses = [reader.response().status for _ in range(4)]
        check("garbage among them ends it", statuses == [200, 200, 200, 400] and reader.rest() == b"", statuses)
    with server.connect() as sock:
        reader = Reader(sock, get(b"/hello") * 2 + get(b"/wait") + get(b"/hello"))
        good = reader.response().body == b"hello\n" and reader.response().body == b"hello\n" and reader.buffer == b""
        check("no response waits for a slow one behind it", good, reader.buffer)
        server.comes_to("waiting", 1)
        ask(server, RELEASE)
        check("which comes after them", reader.response().body == b"released\n" and reader.response().body == b"hello\n")
    with server.connect() as sock:
        body = get(b"/count", b"Content-Length: 33\r\n", b"POST") + get(b"/smuggled")[:33] + get(b"/hello")
        reader = Reader(sock, body)
        check("content is not a request", reader.response().body == b"33\n" and reader.response().body == b"hello\n")


def test_site(server, stored_gzip):
    page = ask(server, get(b"/"))
    etag = page.fields["etag"].encode()
    check("an index", page.status == 200 and b"quick brown fox" in page.body and page.fields["content-type"].startswith("text/html"))
    check("an index of a dictionary", ask(server, get(b"/dir/")).body == b"<p>dir\n")
    answer = ask(server, get(b"/dir?a=b"))
    check("a redirect to the slash", answer.status == 301 and answer.fields.get("location") == "/dir/?a=b", answer.fields)
    check("no redirect to another host", ask(server, get(b"//dir")).status == 404)
    check("a dictionary without an index", ask(server, get(b"/sub")).status == 404 and ask(server, get(b"/sub/")).status == 404)
    check("a value is not a dictionary", ask(server, get(b"/digits.txt/")).status == 404)
    check("an escaped name", len(ask(server, get(b"/page%201k.html")).body) == 1024)
    check("an empty file", ask(server, get(b"/empty.txt")).fields.get("content-length") == "0")
    answer = ask(server, get(b"/", method=b"HEAD"), True)
    check("HEAD tells the length", answer.fields.get("content-length") == str(len(page.body)))

    answer = ask(server, get(b"/", b"If-None-Match: " + etag + b"\r\n"))
    check("304", answer.status == 304 and answer.fields.get("etag") == etag.decode() and "content-type" not in answer.fields, answer.fields)
    check("412", ask(server, get(b"/", b"If-Match: \"x\"\r\n")).status == 412)

    zipped = ask(server, get(b"/", b"Accept-Encoding: gzip\r\n"))
    if not stored_gzip:
        check("no gzip that is not stored", zipped.body == page.body and "vary" not in page.fields)
    else:
        check("gzip", zipped.fields.get("content-encoding") == "gzip" and gzip.decompress(zipped.body) == page.body)
        check("another tag for it", zipped.fields["etag"] != page.fields["etag"] and zipped.fields["vary"] == "Accept-Encoding" == page.fields["vary"])

    def ranged(value, extra=b""):
        return ask(server, get(b"/digits.txt", b"Range: " + value + b"\r\n" + extra))

    tag = ask(server, get(b"/digits.txt")).fields["etag"].encode()
    answer = ranged(b"bytes=2-4")
    check("206", answer.status == 206 and answer.body == b"234" and answer.fields["content-range"] == "bytes 2-4/10")
    check("206 of a suffix", ranged(b"bytes=-3").body == b"789")
    answer = ranged(b"bytes=10-")
    check("416", answer.status == 416 and answer.fields["content-range"] == "bytes */10")
    check("416 for overlaps", ranged(b"bytes=0-,0-,0-,0-").status == 416)
    answer = ranged(b"bytes=0-1,-2")
    boundary = answer.fields.get("content-type", "").partition("boundary=")[2].encode()
    parts = answer.body.split(b"--" + boundary)
    check("several ranges", answer.status == 206 and answer.whole and len(parts) == 4 and parts[1].endswith(b"0-1/10\r\n\r\n01\r\n")
          and parts[2].endswith(b"8-9/10\r\n\r\n89\r\n") and parts[3] == b"--\r\n", answer.body)
    check("If-Range that holds", ranged(b"bytes=0-1", b"If-Range: " + tag + b"\r\n").status == 206)
    check("If-Range that does not", ranged(b"bytes=0-1", b"If-Range: \"x\"\r\n").body == b"0123456789")
    check("a broken range is none", ranged(b"bytes=x").status == 200)
    large = ask(server, get(b"/large.bin"))
    check("a large file comes in pieces", large.body == LARGE, len(large.body))
    answer = ask(server, get(b"/large.bin", b"Range: bytes=262140-262147,900000-\r\n"))
    check("ranges of it", answer.status == 206 and answer.whole and LARGE[262140:262148] in answer.body and LARGE[900000:] in answer.body, answer.status)
    answer = ask(server, get(b"/large.bin", b"Range: bytes=0-299999,500000-\r\n"))
    check("large ranges of it", answer.status == 206 and answer.whole and LARGE[:300000] in answer.body and LARGE[500000:] in answer.body, answer.status)
    answer = ask(server, get(b"/digits.txt", b"Range: bytes=0-1\r\n", b"HEAD"), True)
    check("no range for HEAD", answer.status == 200)


def seconds(date):
    return email.utils.parsedate_to_datetime(date).timestamp()


def test_files(server, folder):
    """Files that change while they are served, with --kv=direct."""
    path = os.path.join(folder, "changing.bin")

    def write(name, content):
        with open(name, "wb") as file:
            file.write(content)
        os.utime(name, (1e9, 1e9))

    write(path, b"a" * 6000000)
    write(path + ".new", b"b" * 6000000)
    with server.connect() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        reader = Reader(sock, get(b"/changing.bin"))
        reader.more()
        os.rename(path + ".new", path)
        answer = reader.response()
        check("a file that is renamed over during a download is sent to its end", answer.whole and answer.body == b"a" * 6000000,
              f"{answer.body.count(b'a')} a, {answer.body.count(b'b')} b")
    time.sleep(0.1)
    second = ask(server, get(b"/changing.bin"))
    check("under another tag than the other", second.body == b"b" * 6000000 and second.fields["etag"] != answer.fields.get("etag"))
    with server.connect() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        reader = Reader(sock, get(b"/changing.bin"))
        reader.more()
        with open(path, "r+b") as file:
            file.write(b"c" * 6000000)
        answer = reader.response()
        check("a file that is overwritten during a download is cut off", not answer.whole and b"c" not in answer.body, len(answer.body))
    os.truncate(path, 10)
    for name, when in ("in an hour", time.time() + 3600), ("in the year 2300", 10413792000), ("of the year 1969", -86400):
        os.utime(path, (when, when))
        answer = ask(server, get(b"/changing.bin"))
        date, modified = seconds(answer.fields["date"]), seconds(answer.fields["last-modified"])
        check(f"a file time {name} gives a date that has come", answer.status == 200 and modified == min(date, when), answer.fields)
    answer = ask(server, get(b"/changing.bin", b"If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n"))
    check("which conditions know", answer.status == 304, answer.status)
    large = os.path.join(folder, "large.bin")
    with open(large, "wb") as file:
        file.truncate(20000000)
        file.seek(10000000)
        file.write(b"middle")
    time.sleep(0.1)
    head = get(b"/large.bin", method=b"HEAD")
    answer = ask(server, head, True)
    check("a large file is given before it has a tag", answer.status == 200 and "etag" not in answer.fields, answer.fields)
    until = time.monotonic() + 300
    while "etag" not in answer.fields and time.monotonic() < until:
        time.sleep(0.05)
        answer = ask(server, head, True)
    tag = answer.fields.get("etag", "none").encode()
    ranged = get(b"/large.bin", b"Range: bytes=10000000-10000005\r\nIf-Range: " + tag + b"\r\n")
    answer = ask(server, ranged)
    check("and later has one, by which ranges are asked for", (answer.status, answer.body) == (206, b"middle"), (answer.status, tag))
    with open(large, "r+b") as file:
        file.write(b"x")
    check("until it changes", ask(server, ranged).status == 200)
    os.unlink(large)


def test_metrics(server):
    text = ask(server, get(b"/metrics")).body.decode()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    found = {name.partition("{")[0]: int(value) for name, value in values.items()}
    check("responses are counted by class", all(found.get(f"http_responses_{n}xx", 0) > 0 for n in (2, 3, 4, 5)), text)
    check("and connections, and bytes", found.get("http_connections", 0) >= 1 and found.get("http_connections_accepted", 0) > 10
          and found.get("http_bytes_in", 0) > 1000 and found.get("http_bytes_out", 0) > 1000, text)


def test_hostile(server):
    with server.connect() as sock:
        sock.sendall(get(b"/hello"))
        sock.shutdown(socket.SHUT_WR)
        check("a half-closed client is answered", Reader(sock).response().body == b"hello\n")
    with server.connect() as sock:
        sock.sendall(b"GET /hel")
        sock.shutdown(socket.SHUT_WR)
        check("half a request is 400", Reader(sock).response().status == 400)
    with server.connect() as sock:
        sock.sendall(get(b"/count", b"Content-Length: 10\r\n", b"POST") + b"abc")
        sock.shutdown(socket.SHUT_WR)
        check("half a content is 400", Reader(sock).response().status == 400)
    with server.connect() as sock:
        check("silence after connecting", True)
    for _ in range(50):
        for data in (get(b"/count", b"Content-Length: 100000\r\n", b"POST") + b"abc", get(b"/large"), b"GET /", get(b"/slow")):
            sock = server.connect()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            sock.sendall(data)
            sock.close()
    check("it serves after 200 resets", ask(server, get(b"/hello")).status == 200)
    for seed in range(100):
        sock = server.connect()
        noise = bytes((seed * 131 + i * i * 7) & 255 for i in range(500))
        try:
            sock.sendall(noise + get(b"/hello"))
        except OSError:
            pass
        sock.close()
    check("and after noise", ask(server, get(b"/hello")).status == 200)


def settled(server, limit):
    """The numbers of views and fibers after all work has ended. They include those of the connection that asks."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        stats = server.stats()
        if stats["fibers"] <= limit["fibers"] and stats["views"] <= limit["views"] and stats["pages"] <= limit["pages"]:
            return stats
        time.sleep(0.1)
    return stats


def timed_out(server, data, drip=b""):
    """
    The response to a client that sends this, and then drips byte by byte until there is one. A connection that was ended before
    any of it came, for a client that a busy machine let run too late, is not counted.
    """
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        with server.connect() as sock:
            reader = Reader(sock)
            try:
                sock.sendall(data)
                sock.settimeout(0.02)
                for i in range(len(drip)):
                    try:
                        sock.sendall(drip[i:i + 1])
                        reader.buffer += sock.recv(1)
                        break
                    except socket.timeout:
                        pass
            except OSError:
                pass
            sock.settimeout(TIMEOUT)
            answer = reader.response()
        if answer.status != 0:
            return answer
    return answer


def test_timeouts(program):
    """Each test has one short timeout. If all were short, a request on a busy machine could miss another timeout."""
    server = Server(program, "--http-request-timeout=500ms")
    check("a head in drips is 408", timed_out(server, b"G", get(b"/hello")[1:] * 100).status == 408)
    with server.connect() as sock:
        check("silence is closed silently", Reader(sock).rest() == b"")
    check("it stops", server.stop() == 0, server.text())

    server = Server(program, "--http-body-timeout=500ms")
    first = server.stats()
    body = get(b"/count", b"Content-Length: 100000\r\n", b"POST")
    check("content that stays away is 408", ask(server, body).status == 408)
    check("content in drips is 408", timed_out(server, body, b"x" * 100000).status == 408)
    after = settled(server, first)
    check("nothing is left", after["views"] <= first["views"] and after["fibers"] <= first["fibers"], f"{first}\n{after}")
    check("it stops", server.stop() == 0, server.text())

    server = Server(program, "--http-idle-timeout=500ms", "--http-write-timeout=500ms", "--http-linger=500ms")
    first = server.stats()
    with server.connect() as sock:
        reader = Reader(sock, get(b"/hello"))
        check("a connection that idles is closed", reader.response().status == 200 and reader.rest() == b"" and not reader.reset)
    with socket.socket(socket.AF_INET6 if ":" in server.address else socket.AF_INET) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect((server.address, server.port))
        sock.sendall(get(b"/large"))
        sock.recv(1, socket.MSG_PEEK)
        heap = settled(server, first)["heap"]
        check("who does not read is dropped", heap <= 1 << 20 and len(Reader(sock).rest()) < 16 << 20, heap)
    with server.connect() as sock:
        reader = Reader(sock, get(b"/slow"))
        check("an event may take its time", reader.response().body == b"slow\n")
    after = settled(server, first)
    check("nothing is left", after["views"] <= first["views"] and after["fibers"] <= first["fibers"], f"{first}\n{after}")
    check("it stops", server.stop() == 0, server.text())


def test_many(program, sanitized):
    """10 000 connections that say nothing, and as many that begin a request."""
    n = 10000 if not sanitized else 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    want = n + 200
    if hard < want:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (want, want))
        except (ValueError, OSError):
            n = hard - 300
    if soft < want:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(want, max(hard, want)), max(hard, want)))
    server = Server(program, "--http-request-timeout=1200s", "--http-idle-timeout=1200s")
    first, before = server.stats(), server.memory()
    socks = [server.connect() for _ in range(n)]
    deadline = time.monotonic() + TIMEOUT
    while server.stats()["fibers"] < n and time.monotonic() < deadline:
        time.sleep(0.05)
    stats = server.stats()
    each = (server.memory() - before) / n
    print(f"# {n} silent connections: {each:.0f} bytes resident each, {stats['pages']} pages of buffers")
    check(f"{n} silent connections hold no buffers", stats["pages"] <= first["pages"] + 4, stats)
    if not sanitized:
        check("and at most 16 KiB each", each < 16384, each)
    check("it serves beside them", ask(server, get(b"/hello")).status == 200)
    check("they cost no time", rests(server.process.pid))
    for sock in socks:
        Reader(sock, get(b"/hello"))
    good = all(Reader(sock).response().body == b"hello\n" for sock in socks)
    each = (server.memory() - before) / n
    print(f"# {n} idle connections after a request: {each:.0f} bytes resident each")
    check("every one of them is answered", good)
    if not sanitized:
        check("and holds at most 24 KiB afterwards", each < 24576, each)
    for sock in socks:
        sock.sendall(b"GET /hel")
    check("it serves beside as many half requests", ask(server, get(b"/hello")).status == 200)
    for sock in socks:
        sock.close()
    after = settled(server, first)
    check("nothing is left of them", after["views"] <= first["views"] and after["fibers"] <= first["fibers"], f"{first}\n{after}")
    check("it stops after that", server.stop() == 0, server.text())


def test_limits(program):
    server = Server(program, "--http-connections=4", "--http-body-limit=10")
    idle = [server.connect() for _ in range(4)]
    readers = [Reader(sock, get(b"/hello")) for sock in idle]
    check("as many as may be are served", all(reader.response().status == 200 for reader in readers))
    extra = [ask(server, get(b"/hello")).status for _ in range(6)]
    check("idle ones make room for new ones", extra == [200] * 6, extra)
    check("the limit of content is an argument", ask(server, get(b"/count", b"Content-Length: 11\r\n", b"POST")).status == 413)
    for sock in idle:
        sock.close()
    check("it stops", server.stop() == 0, server.text())


def test_descriptors(program):
    server = Server("sh", "-c", 'ulimit -n 40; exec "$0" "$@"', program, "--http-request-timeout=600s")
    socks = [server.connect() for _ in range(100)]
    check("it serves with descriptors run out", ask(server, get(b"/hello")).status == 200)
    # It looks 50 times a second whether there are any.
    check("without spinning", rests(server.process.pid, 20))
    for sock in socks:
        sock.close()
    check("it serves when they are back", ask(server, get(b"/hello")).status == 200)
    check("it stops", server.stop() == 0, server.text())


def test_stop(program):
    # Longer than what the program has as a whole.
    server = Server(program, "--http-grace=10s")
    idle = server.connect()
    with server.connect() as sock, server.connect() as other:
        reader = Reader(sock, get(b"/wait"))
        other.sendall(RELEASE[:-1])
        server.comes_to("waiting", 1)
        server.process.send_signal(signal.SIGTERM)
        check("an idle connection is closed on SIGTERM", Reader(idle).rest() == b"")
        other.sendall(RELEASE[-1:])
        answer = reader.response()
        check("a response under way is finished", answer.status == 200 and answer.body == b"released\n", server.text())
        check("and says that it was the last", answer.fields.get("connection") == "close", answer.fields)
    check("the server ends well", server.process.wait(TIMEOUT) == 0, server.text())


def test_valgrind(program):
    """10 000 connections opened and closed."""
    if not shutil.which("valgrind"):
        return
    server = Server("valgrind", "-q", "--leak-check=full", "--error-exitcode=9", program)
    good = all(ask(server, get(b"/hello")).status == 200 for _ in range(10000))
    check("10000 connections under Valgrind", good)
    check("which finds nothing", server.stop() == 0, server.text())


def test_curl(server):
    if not shutil.which("curl"):
        return
    host = f"[{server.address}]" if ":" in server.address else server.address
    base = f"http://{host}:{server.port}"

    def curl(*arguments):
        return subprocess.run(["curl", "-s", "-m", str(TIMEOUT), *arguments], capture_output=True, timeout=2 * TIMEOUT).stdout

    check("curl", curl(base + "/hello") == b"hello\n")
    check("curl, compressed", b"quick brown fox" in curl("--compressed", base + "/"))
    check("curl, a redirect", curl("-L", base + "/dir") == b"<p>dir\n")
    check("curl, a range", curl("-r", "1-3", base + "/digits.txt") == b"123")
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"0123456789" * 20000)
        file.flush()
        check("curl, an upload with 100-continue", curl("--data-binary", "@" + file.name, base + "/count") == b"200000\n")
        check("curl, a chunked upload", curl("-H", "Transfer-Encoding: chunked", "--data-binary", "@" + file.name, base + "/count") == b"200000\n")
    check("curl, HTTP/1.0", curl("-0", base + "/hello") == b"hello\n")


def main():
    mirage, source, *options = sys.argv[1:]
    direct = "--kv=direct" in options
    sanitized = any(option.startswith("--sanitize") for option in options)
    with tempfile.TemporaryDirectory() as folder:
        application = os.path.join(folder, "server")
        shutil.copytree(source, application, ignore=shutil.ignore_patterns("_build"))
        with open(os.path.join(application, "htdocs/large.bin"), "wb") as file:
            file.write(LARGE)
        built = subprocess.run([os.path.abspath(mirage), "build", *options, "server"], cwd=folder, capture_output=True, text=True)
        if built.returncode != 0:
            for line in (built.stdout + built.stderr).splitlines():
                print("#", line)
            print("Bail out! the server does not build")
            return 1
        program = os.path.join(folder, built.stdout.splitlines()[-1])
        server = Server(program)
        first = server.stats()
        test_site(server, not direct)
        if direct:
            test_files(server, os.path.join(application, "htdocs"))
        for test in (test_statuses, test_bodies, test_continue, test_pipelining, test_metrics, test_hostile, test_curl):
            test(server)
        after = settled(server, first)
        check("buffers and fibers are all given back", after["views"] <= first["views"] and after["fibers"] <= first["fibers"],
              f"{first}\n{after}")
        check("the server stops with success", server.stop() == 0, server.text())
        if not direct:
            for test in (test_timeouts, test_limits, test_stop):
                test(program)
            if "--net=direct" not in options:  # whose connections are no descriptors
                test_descriptors(program)
            test_many(program, sanitized)
        if options in ([], ["--net=direct"]):
            test_valgrind(program)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
