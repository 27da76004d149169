#!/usr/bin/env python3
"""Tests dns_client over the host's sockets, with servers on loopback. Prints TAP.

dns.py MIRAGE SOURCE-FOLDER [MIRAGE-BUILD-OPTION...]
"""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from server import A, AAAA, CNAME, SOA, SRV, TXT, Server, record
from tap import Tap, mirage_environment, run

ZONE = {
    "both.test": [(A, 60, "192.0.2.1"), (A, 60, "192.0.2.2"), (AAAA, 60, "2001:db8::1")],
    "v4.test": [(A, 60, "192.0.2.4")],
    "brief.test": [(A, 1, "192.0.2.5")],
    "never.test": [(A, 0, "192.0.2.6")],
    "mapped.test": [(AAAA, 60, "::ffff:192.0.2.66")],
    "alias.test": [(CNAME, 60, "alias2.test")],
    "alias2.test": [(CNAME, 60, "v4.test")],
    "away.test": [(CNAME, 60, "elsewhere.test")],
    "elsewhere.test": [(A, 60, "192.0.2.9")],
    "loop.test": [(CNAME, 60, "loop2.test")],
    "loop2.test": [(CNAME, 60, "loop.test")],
    "far0.test": [(CNAME, 60, "far1.test")],
    "_http._tcp.test": [(SRV, 60, (20, 0, 8080, "b.test")), (SRV, 60, (10, 5, 80, "a.test"))],
    "_gone._tcp.test": [(SRV, 60, (0, 0, 0, "."))],
    "text.test": [(TXT, 60, ("v=1 ", "a b")), (TXT, 60, ("",))],
    "big.test": [(A, 60, f"198.51.100.{i}") for i in range(100)],
    "huge.test": [(TXT, 60, ("x" * 255,) * 20) for i in range(3)],
    "host.corp.test": [(A, 60, "192.0.2.20")],
    "dotted.host": [(A, 60, "192.0.2.21")],
    "many-letters-of-no-case.test": [(A, 60, "192.0.2.30")],
    "many-letters-of-upper-case.test": [(A, 60, "192.0.2.38")],
    "another-of-no-case.test": [(A, 60, "192.0.2.41")],
    "a-later-one-of-no-case.test": [(A, 60, "192.0.2.42")],
    "the-last-one-of-no-case.test": [(A, 60, "192.0.2.43")],
    "another-plain.test": [(A, 60, "192.0.2.44")],
    "mute.test": [(A, 60, "192.0.2.40")],
    "plain.test": [(A, 60, "192.0.2.31")],
    "forged.test": [(A, 60, "192.0.2.32")],
    "flood.test": [(A, 60, "192.0.2.33")],
    "lost.test": [(A, 60, "192.0.2.34")],
    "late.test": [(A, 60, "192.0.2.35")],
    "backup.test": [(A, 60, "192.0.2.36")],
    "garbage.test": [(A, 60, "192.0.2.37")],
}
SOA_TTL = 1
EVIL = "203.0.113.66"
SILENCE = 12


def zone(query, **more):
    """The answer of a correct server, which follows the aliases that it knows."""
    answers, name = [], query.name
    for _ in range(20):
        records = ZONE.get(name)
        if records is None:
            return query.reply(answers, [record("test", SOA, 60, SOA_TTL)], rcode=3, **more)
        answers += [record(name, kind, ttl, value) for kind, ttl, value in records if kind in (query.type, CNAME)]
        alias = [value for kind, _, value in records if kind == CNAME]
        if not alias:
            break
        name = alias[0]
    if not any(kind == query.type for kind, _, _ in ZONE[name]):
        return query.reply(answers, [record("test", SOA, 60, SOA_TTL)], **more)
    return query.reply(answers, **more)


def answer(server, query):
    name = query.name
    evil = [record(query.asked, A, 60, EVIL)]
    if name == "away.test":
        return query.reply([record("away.test", CNAME, 60, "elsewhere.test")])
    if name.startswith("far"):
        n = int(name[3:-5])
        return query.reply([record(name, CNAME, 60, f"far{n + 1}.test")])
    if name in ("ill.test", "refused.test", "backup.test"):
        return query.reply(rcode=5 if name == "refused.test" else 2)
    if name == "lame.test":
        return query.reply(flags=0x8000)
    if name.endswith(("-of-no-case.test", "-of-upper-case.test")) and not query.tcp:
        change = bytes.lower if name.endswith("-of-no-case.test") else bytes.upper
        return zone(query, question=change(query.question[:-4]) + query.question[-4:])
    if name == "mute.test":
        if query.tcp:
            time.sleep(SILENCE)
        return query.reply(flags=0x8380)
    if name in ("plain.test", "another-plain.test") and query.edns:
        return query.reply(rcode=1, question=b"", edns=False)
    if name == "forged.test":
        other = query.question.replace(query.question[1:7], b"aaaaaa", 1)
        thief = server.thief.sendto(query.reply(evil), query.peer)
        assert thief > 0
        return [query.reply(evil, id=query.id ^ 1), query.reply(evil, question=other), query.reply(evil, flags=0x0180),
                query.reply(evil)[:20], b"", query.data, zone(query)]
    if name == "flood.test" and not query.tcp:
        return [query.reply(evil, id=(query.id + i) & 0xffff) for i in range(1, 60)]
    if name == "lost.test" and len(server.asked(name)) <= 2:
        return None
    if name == "late.test":
        time.sleep(0.3)
    if name == "garbage.test" and len(server.asked(name)) <= 2:
        return query.reply([record(name, A, 60, EVIL)[:-2]])
    if name == "dead.test":
        return None
    return zone(query)


class Client:
    def __init__(self, tap, program, port):
        self.tap, self.program, self.port = tap, program, port

    def run(self, *commands, args=()):
        options = [f"--command={c}" for c in commands]
        done = subprocess.run([self.program, "--nameserver=127.0.0.1", f"--nameserver-port={self.port}", *args, *options],
                              capture_output=True, text=True, timeout=600)
        if done.returncode != 0 or "ERROR" in done.stderr or "runtime error" in done.stderr:
            return [f"status {done.returncode}", done.stderr]
        return done.stdout.splitlines()

    def says(self, name, *lines, args=(), anyhow=False):
        """Run the commands that stand before the colons, and compare their output with what stands after them."""
        commands = [line.split(": ", 1)[0] if ": " in line else line for line in lines]
        got = self.run(*commands, args=args)
        expected = [line if ": " in line else line + ":" for line in lines]
        expected = [line.lstrip("&") for line in expected]
        if anyhow:
            got, expected = sorted(got), sorted(expected)
        self.tap.report(got == expected, name, f"-- expected\n{expected}\n-- got\n{got}")


def main():
    mirage, source, *options = sys.argv[1:]
    tap = Tap()
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        shutil.copytree(source, work / "app", ignore=shutil.ignore_patterns("_build", "compile_commands.json"))
        status, out, err = run([mirage, "build", *options], work / "app", mirage_environment(work))
        if status != 0:
            print("Bail out! the client does not build:", err)
            return 1
        server = Server("127.0.0.1", 0, answer)
        server.thief = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        second = Server("127.0.0.2", server.port, lambda s, q: zone(q))
        tests(tap, Client(tap, work / "app" / out.strip(), server.port), server, second)
    return tap.end()


def tests(tap, client, server, second):
    def count(name, how_many, what, tcp=None):
        found = len(server.asked(name, tcp))
        tap.report(found == how_many, what, f"{found} queries for {name}, not {how_many}")

    client.says("addresses of each family", "v4 both.test: 192.0.2.1 192.0.2.2", "v6 both.test: 2001:db8::1",
                "v4 v4.test: 192.0.2.4", "v6 v4.test: not found")
    got = client.run("all both.test")
    tap.report(len(got) == 1 and sorted(got[0].split()[2:]) == ["192.0.2.1", "192.0.2.2", "2001:db8::1"], "addresses of both", str(got))
    queries = server.asked("both.test")
    tap.report(all(q.edns and q.size == 1232 for q in queries), "queries offer EDNS")
    tap.report(len({q.peer[1] for q in queries}) == len(queries), "each from a port of its own", str([q.peer for q in queries]))
    tap.report(len({q.id for q in queries}) > 1, "with an identifier of its own")
    tap.report(len({q.asked for q in queries}) > 1, "in a case of its own", str({q.asked for q in queries}))

    count("v4.test", 2, "one query for each family")
    client.says("an answer is kept", "v4 v4.test: 192.0.2.4", "v4 V4.Test: 192.0.2.4", "all v4.test.: 192.0.2.4")
    count("v4.test", 4, "and asked for once")
    client.says("for its time to live", "v4 brief.test: 192.0.2.5", "v4 brief.test: 192.0.2.5", "sleep 1100", "v4 brief.test: 192.0.2.5")
    count("brief.test", 2, "and no longer")
    client.says("which may be nothing", "v4 never.test: 192.0.2.6", "v4 never.test: 192.0.2.6")
    count("never.test", 2, "and then it is asked again")

    client.says("what isn't there", "v4 nothing.test: not found", "v6 nothing.test: not found", "sleep 1100", "v4 nothing.test: not found")
    count("nothing.test", 2, "is kept for all types as long as the SOA says")
    client.says("no data", "v6 backup2.v4.test: not found", "txt v4.test: not found", "txt v4.test: not found")
    tap.report(len([q for q in server.asked("v4.test") if q.type == TXT]) == 1, "is kept too")
    client.says("AAAA of a mapped address counts for nothing", "all mapped.test: not found")

    client.says("aliases", "v4 alias.test: 192.0.2.4", "v4 away.test: 192.0.2.9", "all alias.test: 192.0.2.4")
    client.says("aliases without end", "v4 loop.test: input/output error", "v4 far0.test: input/output error")
    client.says("SRV by priority", "srv _http._tcp.test: 10/5/a.test:80 20/0/b.test:8080", "srv _gone._tcp.test: not found")
    client.says("TXT, its strings joined", "txt text.test: [v=1 a b] []")
    client.says("long names of text over TCP", "txt huge.test: " + " ".join([f"[{'x' * 100}]"] * 3))
    got = client.run("v4 big.test")
    tap.report(len(got) == 1 and len(got[0].split()) == 2 + 16, "a truncated reply is asked for by TCP", str(got))
    tap.report(len(server.asked("big.test", True)) == 1, "once")

    client.says("short names are looked for in domains", "v4 host: 192.0.2.20", "v4 dotted.host: 192.0.2.21", "v4 host.: not found",
                "v4 v4.test: 192.0.2.4", "v4 absent: not found", args=["--search=none.test,corp.test"])
    count("dotted.host.none.test", 0, "names with dots as they stand first")
    count("host.none.test", 1, "in the order of the domains")

    client.says("localhost is this host", "v4 localhost: 127.0.0.1", "v6 localhost.: ::1", "v4 a.LOCALHOST: 127.0.0.1",
                "v4 x.invalid: not found", "v4 y.onion: not found")
    tap.report(not any(q.name.endswith(("localhost", "invalid", "onion")) for q in server.queries), "and no server hears of it")
    client.says("addresses are themselves", "all 192.0.2.77: 192.0.2.77", "all 2001:db8::77: 2001:db8::77", "v6 192.0.2.77: not found",
                "v4 ::1: not found")
    client.says("what is no host name", "all 127.1: invalid argument", "all a..b: invalid argument", "all -a: invalid argument",
                f"all {'a' * 64}.test: invalid argument")

    client.says("a server that doesn't keep the case is asked in small letters", "v4 many-letters-of-no-case.test: 192.0.2.30")
    count("many-letters-of-no-case.test", 2, "after one answer in another case", False)
    tap.equal("and by UDP", (server.asked("many-letters-of-no-case.test")[-1].asked, server.asked("many-letters-of-no-case.test", True)), ("many-letters-of-no-case.test", []))
    client.says("and in any case answers", "v4 many-letters-of-upper-case.test: 192.0.2.38")
    count("many-letters-of-upper-case.test", 2, "at once", False)
    first, other = "many-letters-of-no-case.test", "another-of-no-case.test"
    client.says("its habit is known for the next names", f"v4 {first}: 192.0.2.30", f"v4 {other}: 192.0.2.41", "v4 both.test: 192.0.2.1 192.0.2.2",
                "v4 a-later-one-of-no-case.test: 192.0.2.42", "sleep 6100", "v4 the-last-one-of-no-case.test: 192.0.2.43")
    count(first, 4, "after two queries for the first")
    count(other, 1, "and one for the second")
    count("a-later-one-of-no-case.test", 1, "also after an answer that kept the case")
    count("the-last-one-of-no-case.test", 2, "until it is forgotten")
    client.says("a server that doesn't know EDNS is asked without", "v4 plain.test: 192.0.2.31", "v4 another-plain.test: 192.0.2.44")
    count("another-plain.test", 1, "and the next time at once without")
    tap.report([q.edns for q in server.asked("plain.test")] == [True, False], "at once")
    client.says("what isn't the reply is passed over", "v4 forged.test: 192.0.2.32")
    client.says("a flood of guesses makes it ask by TCP", "v4 flood.test: 192.0.2.33")
    client.says("a malformed reply doesn't count", "v4 garbage.test: 192.0.2.37")

    client.says("what is lost is asked again", "v4 lost.test: 192.0.2.34")
    begun = time.monotonic()
    client.says("nobody answers", "v4 dead.test: timed out")
    took, asked = time.monotonic() - begun, len(server.asked("dead.test"))
    tap.report(took > 5 and asked == 3, "after 1 + 2 + 4 seconds", f"{took} s, asked {asked} times")
    client.says("a deadline of the caller's own", "v4 dead.test: timed out", args=["--patience=200ms"])
    again = len(server.asked("dead.test")) - asked
    tap.report(again <= 1, "comes before it asks again", f"asked {again} times")
    client.says("a server that cannot tell", "v4 ill.test: input/output error", "v4 refused.test: input/output error",
                "v4 lame.test: input/output error")
    client.says("then the next one is asked", "v4 backup.test: 192.0.2.36", args=["--nameserver=127.0.0.2"])
    client.says("a server whose port is closed", "v4 v4.test: 192.0.2.4", args=["--nameserver=127.0.0.2", "--nameserver=127.0.0.3"])

    begun = time.monotonic()
    client.says("a server whose TCP is silent", "v4 mute.test: 192.0.2.40", args=["--nameserver=127.0.0.2"])
    took = time.monotonic() - begun
    tap.report(took < SILENCE / 2, "costs little when another server is good", f"{took} s")

    before = len(server.asked("late.test"))
    client.says("those who ask the same at once", *["&v4 late.test: 192.0.2.35"] * 5, "v4 late.test: 192.0.2.35", anyhow=True)
    tap.report(len(server.asked("late.test")) == before + 1, "share a query")


if __name__ == "__main__":
    sys.exit(main())
