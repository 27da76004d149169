#!/usr/bin/env python3
"""The project's own stack over a tap against lwIP over a tap and the kernel's stack over veth, alternating in one run.

    bench/net/run.py MIRAGE [--rounds 5] [--seconds 2] [--what send,receive,…] [--who mirage,lwip,kernel] [--wrap 'perf stat']
                     [--busy-poll 50]

As root. The server is pinned to core 0, the kernel's client to core 1, all in namespaces that are made here and go
with the end. Prints medians, ratios, and, because it depends less on what else the machine does, what each server would do with
the whole of its core: its rate by the processor time that its process spent. (What the kernel does for others' sockets in the
client's context is not in that.) It never fails for slowness.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "test" / "support"))
from lab import Lab, LabError, build, copy_tree, lacking, until  # noqa: E402

SERVER_CORE, CLIENT_CORE = "0", "1"
WHAT = {"send": "Gbit/s", "receive": "Gbit/s", "pingpong": "round trips/s", "udp": "datagrams/s", "connect": "connections/s",
        "http": "requests/s"}
# Directions as the server sees them, which a reader of the table expects.
SHOWN = {"send": "bulk, server receives", "receive": "bulk, server sends", "pingpong": "1-byte ping-pong", "udp": "UDP echo, 64 bytes",
         "connect": "connect and close", "http": "HTTP, 1 kB, 64 connections"}

NGINX = """
worker_processes 1; daemon off; master_process off; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=100;
    types {{ text/html html; }}
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
    server {{ listen 80; root {dir}/html; }}
}}
"""


def compile_c(work, name, *more):
    out = work / name
    subprocess.run(["cc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-o", out, HERE / f"{name}.c", *more], check=True)
    return out


def pkg_config(word, name):
    return subprocess.run(["pkg-config", word, name], capture_output=True, text=True, check=True).stdout.split()


def cpu_of(pid):
    """The processor time of the process in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, lab, options):
        self.lab, self.options = lab, options
        self.client = lab.namespace()
        self.client.sysctl("net.ipv4.ip_local_port_range", "1024 65535")
        self.work = lab.folder
        self.program = compile_c(self.work, "client")
        self.wrap = options.wrap.split()
        self.servers = {}  # (who, "http" or "sockets") -> (process, address)

    def pinned(self, where, *argv):
        process = where.start("taskset", "-c", SERVER_CORE, *self.wrap, *argv)
        return process

    def build(self, source, name):
        folder = copy_tree(source, self.work / name)
        options = ["--net=direct", "--release"] + ([f"--cc={self.options.cc}"] if self.options.cc else [])
        return build(self.options.mirage, folder, self.work, *options)

    def start_mirage(self, what):
        number = 2 if what == "http" else 1
        source = HERE.parent / "http" / "server" if what == "http" else HERE / "server"
        program = self.build(source, f"mirage-{what}")
        self.client.tap(f"mirage{number}", f"10.10.{number}.1/24")
        arguments = [f"--interface=mirage{number}", f"--ipv4=10.10.{number}.2/24"] + (["--port=80"] if what == "http" else [])
        arguments += [f"--busy-poll={self.options.busy_poll}us"] if self.options.busy_poll else []
        return self.pinned(self.client, program, *arguments), f"10.10.{number}.2"

    def start_lwip(self, what):
        program = compile_c(self.work, "lwip", *pkg_config("--cflags", "lwip"), *pkg_config("--libs", "lwip"), "-pthread")
        self.client.tap("lwip1", "10.10.3.1/24")
        process = self.pinned(self.client, program, "lwip1", "10.10.3.2", "255.255.255.0")
        process.wait_for("ready")
        return process, "10.10.3.2"

    def start_kernel(self, what):
        if not hasattr(self, "other"):
            self.other = self.lab.namespace()
            self.client.veth("veth1", self.other, "veth2")
            self.client.up("veth1", "10.10.4.1/24")
            self.other.up("veth2", "10.10.4.2/24")
        if what == "http":
            folder = self.work / "nginx"
            shutil.copytree(HERE.parent / "http" / "server" / "htdocs", folder / "html")
            (folder / "nginx.conf").write_text(NGINX.format(dir=folder))
            subprocess.run(["chmod", "-R", "a+rX", self.work], check=True)
            return self.pinned(self.other, "nginx", "-p", folder, "-c", folder / "nginx.conf"), "10.10.4.2"
        process = self.pinned(self.other, compile_c(self.work, "kernel"), self.options.busy_poll)
        process.wait_for("ready")
        return process, "10.10.4.2"

    def server(self, who, what):
        key = (who, "http" if what == "http" else "sockets")
        if key not in self.servers:
            process, address = getattr(self, f"start_{who}")(key[1])
            port = 80 if what == "http" else 5003
            until(lambda: process.alive() and self.client.answers(address, port), lambda: f"{who} answers\n{process.said()}")
            self.servers[key] = process, address
        return self.servers[key]

    def measure(self, who, what):
        """The client's count, and the server's share of a processor during it."""
        process, address = self.server(who, what)
        seconds, before = self.options.seconds, cpu_of(process.pid)
        pin = ["taskset", "-c", CLIENT_CORE]
        if what == "http":
            out = self.client.run(*pin, "wrk", "-t1", "-c64", f"-d{seconds}s", f"http://{address}/1k.html", seconds=seconds + 30).stdout
            rate = float(next(line for line in out.splitlines() if "Requests/sec" in line).split()[1])
        else:
            rate = float(self.client.run(*pin, self.program, address, what, seconds, seconds=seconds + 30).stdout)
        return rate, (cpu_of(process.pid) - before) / seconds


def number(x):
    return f"{x:,.0f}" if x >= 1000 else f"{x:.2f}"


def table(results, options):
    others = [who for who in options.who if who != "mirage"]
    print("| | " + " | ".join([*options.who, *(f"ratio to {who}" for who in others), "for a whole core each"]) + " |")
    print("| --- |" + " ---: |" * (len(options.who) + len(others) + 1))
    for what in options.what:
        rates = {who: statistics.median(r for r, _ in results[who, what]) for who in options.who if results.get((who, what))}
        whole = [number(statistics.median(r / c for r, c in results[who, what] if c > 0)) if who in rates and
                 any(c > 0 for _, c in results[who, what]) else "–" for who in options.who]
        cells = [number(rates[who]) if who in rates else "–" for who in options.who]
        ratios = [f"{rates['mirage'] / rates[who]:.2f}" if rates.get(who) and rates.get("mirage") else "–" for who in others]
        print(f"| {SHOWN[what]}, {WHAT[what]} | " + " | ".join([*cells, *ratios, " : ".join(whole)]) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mirage")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--what", type=lambda s: s.split(","), default=list(WHAT))
    parser.add_argument("--who", type=lambda s: s.split(","), default=["mirage", "lwip", "kernel"])
    parser.add_argument("--wrap", default="", help="before the server's command, as in 'strace -c -f'")
    parser.add_argument("--busy-poll", type=int, default=0, help="microseconds for which our server and the one on kernel sockets look before they sleep")
    parser.add_argument("--cc", default="", help="the compiler of the project's own side")
    options = parser.parse_args()
    options.mirage = Path(options.mirage).resolve()
    reason = lacking("taskset", "cc", "pkg-config", *(["wrk", "nginx"] if "http" in options.what else []))
    if reason:
        sys.exit(reason)

    results = {}
    with Lab() as lab:
        bench = Bench(lab, options)
        for turn in range(options.rounds):
            for what in options.what:
                for who in options.who:
                    if what == "http" and who == "lwip":
                        continue
                    try:
                        rate, cpu = bench.measure(who, what)
                    except (LabError, subprocess.SubprocessError, ValueError) as error:
                        print(f"round {turn + 1}, {who}, {what}: {error}", file=sys.stderr)
                        continue
                    results.setdefault((who, what), []).append((rate, cpu))
                    print(f"round {turn + 1}: {who} {what} {number(rate)} {WHAT[what]}, {100 * cpu:.0f} % of a core", file=sys.stderr)
    table(results, options)


if __name__ == "__main__":
    main()
