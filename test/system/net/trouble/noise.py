"""5000 messages a second of each kind that a stranger can think of: the log stays short, and the program serves. The time of each line
is the program's own, so a busy machine makes no difference."""

import os
import random
import re
import subprocess
import threading
import time

from lab import Lab, LabError, Process, until
from trouble.base import Base, Peer, SOURCE, STATIC, V4, V6, http
from trouble.messages import Messages
from trouble.station import Station

RATE = 5000
LINES, DEBUG_LINES = 20, 1000  # within any second, by default
SLACK = 1                      # a line has the time of its writing, a little after that by which it was counted
GARBAGE = (b"\0" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"G" * 9000, b"GET / HTTP/1.1\r\nHost: a\r\nA: \0\r\n\r\n",
           b"GET / HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
           b"POST /pattern HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"\x16\3\1\2\0\1\0\1\xfc\3\3",
           b"GET /pattern/99999999999999999999 HTTP/1.1\r\nHost: a\r\n\r\n")


def lines_within_a_second(said, debug):
    """The most lines that the program wrote within any second, and how many it wrote in all."""
    times = [float(t) for t, level in re.findall(r"^ *(\d+\.\d{6}) (\w+)", said, re.M) if (level == "debug") == debug]
    most = first = 0
    for last, time_ in enumerate(times):
        while time_ - times[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most, len(times)


class Client(threading.Thread):
    """Makes a request each 100 ms, by IPv4 and IPv6 in turn, until it is stopped."""

    def __init__(self, host):
        super().__init__(daemon=True)
        self.host, self.good, self.bad, self.slowest, self.over = host, 0, [], 0, False
        self.start()

    def run(self):
        while not self.over:
            for address in (V4, V6):
                begin = time.monotonic()
                try:
                    with self.host.connect(address, 80, 60) as s:
                        http(s, "GET", "/pattern/100")
                    self.good += 1
                except (OSError, LabError) as e:
                    self.bad.append(f"{address}: {e}")
                self.slowest = max(self.slowest, time.monotonic() - begin)
                time.sleep(0.1)

    def stop(self):
        self.over = True
        self.join()
        return self.good > 0 and not self.bad


class Noise(Base):
    def noise(self):
        """Each kind of message, with the default levels and with all levels."""
        for levels in ("*:info", "*:debug"):
            with Lab() as l:
                peer = self.peer(l, "plain", f"--log={levels}")
                station = Station(peer.host, V4)
                live = station.connect(SOURCE)
                messages = Messages(station, live)
                memory = peer.process.memory()
                for name, kind in messages.kinds().items():
                    self.one_kind(peer, station, levels, name.replace("_", " "), lambda: self.frames(station, kind))
                self.one_kind(peer, station, levels, "HTTP garbage", lambda: self.garbage_requests(peer.host))
                mixed = [kind() for kind in messages.kinds().values()]
                self.one_kind(peer, station, levels, "all kinds at once", lambda: self.frames(station, lambda: iter(lambda: next(random.choice(mixed)), None)))
                live.reset()
                live.close()
                peer.alive(f"{levels}, noise", self.tap)
                now = peer.stats()
                print(f"# {levels}: {memory / 1e6:.2f} MB before, {peer.process.memory() / 1e6:.2f} after; {now}", flush=True)
                peer.end(f"{levels}, noise", self.tap)

    @property
    def seconds(self):
        return 1 if self.quick else 4

    def frames(self, station, kind):
        """Send frames that were made before, so that making them costs no time."""
        n = RATE * self.seconds
        made = [frame for _, frame in zip(range(min(n, 4000)), kind())]
        return station.paced((made[i % len(made)] for i in range(n)), RATE)

    def garbage_requests(self, host):
        start, n = time.monotonic(), 0
        while time.monotonic() - start < self.seconds and n < RATE * self.seconds:
            try:
                with host.connect(random.choice((V4, V6)), 80, 60) as s:
                    s.sendall(random.choice(GARBAGE))
                    n += 1
            except OSError:
                pass
        return n, time.monotonic() - start

    def one_kind(self, peer, station, levels, name, send):
        before = len(peer.process.said())
        client = Client(peer.host)
        station.introduce()
        n, spent = send()
        served = client.stop()
        # What was left out is told within some seconds.
        time.sleep(0.3)
        said = peer.process.said()[before:]
        most, lines = lines_within_a_second(said, False)
        most_debug, debug_lines = lines_within_a_second(said, True)
        print(f"# {levels}, {name}: {n} in {spent:.1f} s, {lines} lines, {most} within a second at most; debug {debug_lines}, {most_debug}; "
              f"{client.good} requests answered, the slowest in {client.slowest:.2f} s; {peer.process.memory() / 1e6:.2f} MB", flush=True)
        self.tap.report(most <= LINES + SLACK and most_debug <= DEBUG_LINES + SLACK, f"{levels}, {name}: few lines", f"{most} and {most_debug}\n{said[-3000:]}")
        self.tap.report(served, f"{levels}, {name}: it serves all along", f"{client.good} good\n" + "\n".join(client.bad) + said[-3000:])

    def stalled_log(self):
        """Nobody reads standard error and output, which are full pipes. The program serves, and ends when it is asked to."""
        with Lab() as l:
            host = self.host(l)
            ends = [os.pipe(), os.pipe()]
            argv = host.command(self.program("plain"), *STATIC, "--log=*:debug")
            popen = subprocess.Popen([str(word) for word in argv], cwd=l.folder, stdin=subprocess.DEVNULL, stdout=ends[0][1], stderr=ends[1][1])
            process = Process(popen, l.file("log"))
            process.log.touch()
            l.processes.append(process)
            for _, written in ends:
                os.close(written)
            until(lambda: host.answers(V4, 80) and host.answers(V6, 80), "the program answers", 600)
            peer = Peer.__new__(Peer)
            peer.host, peer.process = host, process
            station = Station(host, V4)
            messages = Messages(station)
            client = Client(host)
            for name in ("advertisements_of_neighbours", "conflicts", "routers", "errors", "wrong_sums", "fragments"):
                station.introduce()
                n, spent = self.frames(station, getattr(messages, name))
                print(f"# nobody reads the log, {name}: {n} in {spent:.1f} s, {client.good} requests answered", flush=True)
            self.tap.report(client.stop(), "a log that nobody reads costs no service", f"{client.good} good\n" + "\n".join(client.bad))
            peer.alive("a log that nobody reads", self.tap)
            status = process.stop()
            self.tap.report(status == 0, "nor the end of the program", str(status))
            for read, _ in ends:
                os.close(read)
