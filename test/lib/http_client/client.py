#!/usr/bin/env python3
"""Tests the HTTP client with scripted servers on loopback. Prints TAP.

client.py MIRAGE SOURCE-FOLDER [MIRAGE-BUILD-OPTION...]
"""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

from tap import Tap

TIMEOUT = 300
tap = Tap()


def check(name, condition, detail=""):
    tap.report(condition, name, "\n".join(str(detail).splitlines()[:20]))


class Scripted:
    """A server that answers each connection with the next reply and keeps the requests."""

    def __init__(self, *replies, drip=False, stay=False):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.replies, self.asked, self.drip, self.stay = replies, [], drip, stay
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        for reply in self.replies:
            connection, _ = self.socket.accept()
            with connection:
                connection.settimeout(TIMEOUT)
                asked = b""
                while b"\r\n\r\n" not in asked or not self.complete(asked):
                    data = connection.recv(65536)
                    if not data:
                        break
                    asked += data
                self.asked.append(asked)
                reply = reply.replace(b"PORT", str(self.port).encode())
                try:
                    for i in range(0, len(reply), 1 if self.drip else len(reply) or 1):
                        connection.sendall(reply[i:i + 1] if self.drip else reply)
                    if self.stay:
                        connection.recv(1)
                except OSError:
                    pass

    @staticmethod
    def complete(asked):
        head, _, body = asked.partition(b"\r\n\r\n")
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            return body.endswith(b"0\r\n\r\n")
        if b"content-length: " in lower:
            return len(body) >= int(lower.split(b"content-length: ")[1].split(b"\r\n")[0])
        return True


class Refusing:
    """Answers as soon as the head has come, while content is still being sent. Then it closes, or reads no more."""

    def __init__(self, reply, close):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.port = self.socket.getsockname()[1]
        self.reply, self.close = reply, close
        self.over = threading.Event()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        connection, _ = self.socket.accept()
        with connection:
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += connection.recv(1)
            connection.sendall(self.reply)
            if not self.close:
                self.over.wait(TIMEOUT)


OK = b"HTTP/1.1 200 OK\r\n"

# A reply, and the client's result for it.
REPLIES = [
    ("a length", OK + b"Content-Length: 5\r\n\r\nhello", "status 200", "hello\nend"),
    ("bytes behind the length", OK + b"Content-Length: 5\r\n\r\nhelloxxx", "status 200", "hello\nend"),
    ("no length", OK + b"\r\nhello", "status 200", "hello\nend"),
    ("HTTP/1.0", b"HTTP/1.0 200 OK\r\n\r\nhello", "status 200", "hello\nend"),
    ("chunks", OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\nT: u\r\n\r\n", "status 200", "hello\nend"),
    ("sizes of chunks with spaces behind them", OK + b"Transfer-Encoding: chunked\r\n\r\n2  \r\nhe\r\n3 \t\r\nllo\r\n0 \r\n\r\n", "status 200", "hello\nend"),
    ("a coding that is none", OK + b"Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello", "status 200", "hello\nend"),
    ("no content", OK + b"Content-Length: 0\r\n\r\n", "status 200", "\nend"),
    ("204", b"HTTP/1.1 204 No Content\r\n\r\n", "status 204", "\nend"),
    ("304", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "status 304", "\nend"),
    ("404", b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", "status 404", "no\nend"),
    ("no reason", b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "status 200", "ok\nend"),
    ("interim replies", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok", "status 200", "ok\nend"),
    ("a length cut short", OK + b"Content-Length: 9\r\n\r\nhello", "status 200", "error connection reset"),
    ("chunks cut short", OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "status 200", "error connection reset"),
    ("a space within a size", OK + b"Transfer-Encoding: chunked\r\n\r\n1 0\r\nhello\r\n", "status 200", "error"),
    ("a broken chunk", OK + b"Transfer-Encoding: chunked\r\n\r\nx\r\nhello\r\n", "status 200", "error"),
    ("nothing", b"", "error", ""),
    ("half a head", OK + b"Content-Le", "error", ""),
    ("not HTTP", b"220 mail.example ESMTP\r\n\r\n", "error", ""),
    ("HTTP/2", b"HTTP/2.0 200 OK\r\n\r\n", "error", ""),
    ("a status of letters", b"HTTP/1.1 abc OK\r\n\r\n", "error", ""),
    ("lines without CR", b"HTTP/1.1 200 OK\n\r\n\r\n", "error", ""),
    ("a folded field", OK + b"X: a\r\n b\r\n\tc\r\nContent-Length: 2\r\n\r\nok", "status 200", "ok\nend"),
    ("a folded length", OK + b"Content-Length:\r\n 2\r\n\r\nokay", "status 200", "ok\nend"),
    ("a folded coding", OK + b"Transfer-Encoding:\r\n\tchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "status 200", "ok\nend"),
    ("a fold at the end", OK + b"Content-Length: 2\r\n \r\n\r\nok", "status 200", "ok\nend"),
    ("a length that a fold cuts", OK + b"Content-Length: 1\r\n 2\r\n\r\nok", "error", ""),
    ("space before the first field", OK + b" X: a\r\n\r\n", "error", ""),
    ("status 999", b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok", "status 999", "ok\nend"),
    ("status 000", b"HTTP/1.1 000 Odd\r\nContent-Length: 2\r\n\r\nok", "status 0", "ok\nend"),
    ("equal lengths", OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "status 200", "hello\nend"),
    ("equal lengths in one field", OK + b"Content-Length: 5, 5\r\n\r\nhello", "status 200", "hello\nend"),
    ("different lengths in one field", OK + b"Content-Length: 5, 6\r\n\r\nhello", "error", ""),
    ("an empty length", OK + b"Content-Length: 5,\r\n\r\nhello", "error", ""),
    ("a field without a colon", OK + b"X\r\n\r\n", "error", ""),
    ("two lengths", OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "error", ""),
    ("length and chunks", OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "error", ""),
    ("chunked twice", OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "error", ""),
    ("another coding", OK + b"Transfer-Encoding: gzip\r\n\r\nhello", "error", ""),
    ("101", b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "error", ""),
    ("endless interim replies", b"HTTP/1.1 100 Continue\r\n\r\n" * 20, "error", ""),
    ("an endless head", OK + b"X: y\r\n" * 20000 + b"\r\n", "error", ""),
    ("many fields", OK + b"X: y\r\n" * 4000 + b"Content-Length: 2\r\n\r\nok", "status 200", "ok\nend"),
]


def main():
    mirage, source, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(source, os.path.join(folder, "client"), ignore=shutil.ignore_patterns("_build"))
        built = subprocess.run([os.path.abspath(mirage), "build", *options, "client"], cwd=folder, capture_output=True, text=True)
        if built.returncode != 0:
            for line in (built.stdout + built.stderr).splitlines():
                print("#", line)
            print("Bail out! the client does not build")
            return 1
        program = os.path.join(folder, built.stdout.splitlines()[-1])

        def run(*arguments):
            result = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=TIMEOUT)
            if result.returncode != 0:
                return f"exit {result.returncode}\n{result.stdout}\n{result.stderr}"
            return result.stdout

        def url(server, path="/"):
            return f"--url=http://127.0.0.1:{server.port}{path}"

        for drip in (False, True):
            for name, reply, first, last in REPLIES:
                if drip and len(reply) > 2000:
                    continue
                server = Scripted(reply, drip=drip)
                out = run(url(server))
                if first == "error":
                    good = out.startswith("error ")
                else:
                    good = out.startswith(first + "\n") and last in out
                check(name + (", byte by byte" if drip else ""), good, out)

        server = Scripted(OK + b"Content-Length: 5\r\n\r\n")
        out = run(url(server, "/a?b=c"), "--method=HEAD", "--header=y")
        asked = server.asked[0].decode()
        check("HEAD has no content", "end" in out, out)
        check("the request", asked.startswith("HEAD /a?b=c HTTP/1.1\r\n") and f"Host: 127.0.0.1:{server.port}\r\n" in asked
              and "\r\nX: y\r\n" in asked and "Connection: close" in asked and "Content-Length" not in asked, asked)
        server = Scripted(OK + b"\r\n")
        run(url(server, "?b"), "--method=POST", "--body=hello")
        check("POST", server.asked[0].startswith(b"POST /?b HTTP/1.1") and b"Content-Length: 5\r\n" in server.asked[0]
              and server.asked[0].endswith(b"\r\n\r\nhello"), server.asked)
        server = Scripted(OK + b"\r\ndone")
        out = run(url(server), "--method=POST", "--stream", "--body=hello")
        check("a streamed POST", b"Transfer-Encoding: chunked" in server.asked[0] and "done" in out
              and server.asked[0].endswith(b"\r\n\r\n1\r\nh\r\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n1\r\no\r\n0\r\n\r\n"), server.asked)

        large = "--repeat=200000"
        for how, arguments in (("in one call", ()), ("in chunks", ("--stream",)), ("with a length", ("--stream", "--stated"))):
            for close in True, False:
                server = Refusing(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno\n", close)
                out = run(url(server), "--method=POST", "--body=0123456789", large, *arguments)
                server.over.set()
                check(f"an upload {how} to a server that refuses and {'closes' if close else 'reads no more'}",
                      out.startswith("status 413\n") and "no\n" in out and out.endswith("end\n"), out)
        server = Refusing(b"", True)
        out = run(url(server), "--method=POST", "--body=0123456789", large, "--stream")
        check("an upload to a server that closes without an answer", out.startswith("error "), out)
        server = Refusing(b"garbage\r\n\r\n", False)
        out = run(url(server), "--method=POST", "--body=0123456789", large, "--stream", "--http-client-timeout=2s")
        server.over.set()
        check("an upload to a server that answers with nonsense", out.startswith("error "), out)
        server = Refusing(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n", False)
        out = run(url(server), "--method=POST", "--body=0123456789", large, "--stream", "--http-client-timeout=2s")
        server.over.set()
        check("an upload that is accepted and not read", out.startswith("status 200\n") and "ok\n" in out, out)

        for name, location, path in (("absolute", b"http://127.0.0.1:PORT/x/y", b"/x/y"), ("with a path", b"/x?y", b"/x?y"),
                                     ("relative", b"../x/./y", b"/a/x/y"), ("of a query", b"?q", b"/a/b/c?q"),
                                     ("without a scheme", b"//127.0.0.1:PORT/z", b"/z"), ("with a fragment", b"x#y", b"/a/b/x"),
                                     ("above the root", b"../../../../x", b"/x")):
            server = Scripted(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\n\r\n", OK + b"\r\nthere")
            out = run(url(server, "/a/b/c"))
            check(f"a redirect {name}", "there" in out and server.asked[1].split(b" ")[1] == path, f"{out}\n{server.asked}")
        server = Scripted(*[b"HTTP/1.1 301 M\r\nLocation: /x\r\n\r\n"] * 10)
        check("a circle ends", run(url(server)).startswith("error "))
        server = Scripted(b"HTTP/1.1 302 F\r\nLocation: https://127.0.0.1/\r\n\r\n")
        check("no redirect to https", run(url(server)).startswith("error "))
        server = Scripted(b"HTTP/1.1 303 See Other\r\nLocation: /x\r\n\r\n", OK + b"\r\n")
        run(url(server), "--method=POST", "--body=hello")
        check("303 is a GET", len(server.asked) == 2 and server.asked[1].startswith(b"GET /x ") and b"hello" not in server.asked[1], server.asked)
        server = Scripted(b"HTTP/1.1 307 Temporary\r\nLocation: /x\r\n\r\n", OK + b"\r\n")
        run(url(server), "--method=POST", "--body=hello")
        check("307 is the same again", len(server.asked) == 2 and server.asked[1].startswith(b"POST /x ") and server.asked[1].endswith(b"hello"), server.asked)
        other = Scripted(OK + b"\r\n")
        server = Scripted(b"HTTP/1.1 302 F\r\nLocation: http://127.0.0.1:%d/\r\n\r\n" % other.port)
        run(url(server), "--header=y")
        check("secrets stay with their host", b"secret" in server.asked[0] and b"secret" not in other.asked[0] and b"X: y" in other.asked[0], other.asked)

        check("M_get", run("--whole", url(Scripted(OK + b"Content-Length: 5\r\n\r\nhello"))) == "hello")
        check("M_get has a limit", run("--whole", url(Scripted(OK + b"\r\n" + b"x" * 101))).startswith("error "))
        check("M_get of what is not there", run("--whole", url(Scripted(b"HTTP/1.1 404 N\r\n\r\n"))).startswith("error "))
        closed = Scripted()
        closed.socket.close()
        check("nobody listens", run(url(closed)).startswith("error "))
        check("it does not wait for ever", run(url(Scripted(OK, stay=True)), "--http-client-timeout=200ms").startswith("error "))
        for bad in ("https://localhost/", "ftp://a/", "http:///", "http://", "http://a b/", "http://a/b c", "http://u@a/",
                    "http://a:0/", "http://a:65536/", "http://a:x/", "http://[::1", "nonsense", "", "http://a/\r\nX: y",
                    "http://" + "a" * 3000):
            out = run("--url=" + bad)
            check(f"no URL: {bad[:40]!r}", out.startswith("error "), out)
        check("no field with a line end", run(url(closed), "--header=a\r\nY: z").startswith("error "))
        check("no method with a space", run(url(closed), "--method=A B").startswith("error "))
        server = Scripted(OK + b"\r\nnamed")
        check("a name", "named" in run(f"--url=http://localhost:{server.port}"))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
