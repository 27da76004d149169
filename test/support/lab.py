"""A laboratory of network namespaces, for the tests of the project's own stack against real peers.

    reason = lab.lacking("curl", "dnsmasq")          # None, or why these tests can't run here
    with Lab() as lab:
        host = lab.namespace()                       # an empty network; loopback is up
        host.tap("tap0", "10.9.0.1/24", "fd09::1/64")
        website = host.start(binary, "--interface=tap0", "--ipv4=10.9.0.2/24", "--port=80")
        until(lambda: host.answers("10.9.0.2", 80), "the website answers")
        host.run("curl", "-s", "http://10.9.0.2/")

Whatever a Lab made is gone when its block is left, however that happens: its processes are
ended (by their numbers; it knows no others), then its namespaces, which take interfaces with them. A Lab that
was killed leaves only empty namespaces, which the next one removes. Nothing waits for a fixed time: see until().
"""

import contextlib
import ctypes
import fcntl
import itertools
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tap import mirage_environment, run

CLONE_NEWNET = 0x40000000
NAMES = "mirage-lab"  # mirage-lab-PID-NUMBER
NUMBERS = itertools.count(1)
LIBC = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    pass


def until(check, what, seconds=200, every=0.02):
    """The first true value of check(); LabError when none comes in time. An exception of the network counts as false."""
    end = time.monotonic() + seconds
    while True:
        try:
            value = check()
        except (OSError, subprocess.SubprocessError):
            value = None
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(every)


def lacking(*programs):
    """Why nothing can be tried here, or None. Root, namespaces and taps are always needed."""
    if os.geteuid() != 0:
        return "this needs root, to make network namespaces"
    missing = [name for name in ("ip", *programs) if shutil.which(name) is None]
    if missing:
        return "not installed: " + ", ".join(missing)
    # A namespace of no name, which ends with the command.
    probe = subprocess.run(["unshare", "--net", "ip", "tuntap", "add", "dev", "probe0", "mode", "tap"], capture_output=True)
    if probe.returncode != 0:
        return "network namespaces and taps can't be made here: " + probe.stderr.decode(errors="replace").strip()
    return None


def build(mirage, folder, work, *options):
    """Build the application in `folder`, a copy the caller made: the program's path; LabError with what mirage said."""
    status, out, err = run([str(mirage), "build", *options, str(folder)], work, mirage_environment(work))
    if status != 0:
        raise LabError(f"mirage build {' '.join(options)} {folder}\n{out}{err}")
    return (Path(work) / out.strip()).resolve()


def copy_tree(source, target):
    """A copy of sources alone."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("_build", "compile_commands.json"))
    return target


class Process:
    """A program that was started in a namespace; what it writes goes to a file."""

    def __init__(self, popen, log):
        self.popen, self.log = popen, log

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def said(self):
        return self.log.read_text(errors="replace")

    def wait_for(self, pattern, seconds=200):
        """The match of a regular expression in what it writes; LabError when it ends without that, or is late."""
        def look():
            ended = not self.alive()
            found = re.search(pattern, self.said(), re.M)
            if not found and ended:
                raise LabError(f"ended with {self.popen.returncode} before it said {pattern!r}\n{self.said()}")
            return found
        return until(look, lambda: f"{pattern!r} in\n{self.said()}", seconds)

    def stop(self, seconds=200):
        """Ask it to end; the exit status, or None when it had to be killed."""
        if self.alive():
            self.popen.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds=200):
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        if self.alive():
            self.popen.kill()
        self.popen.wait()

    def memory(self):
        """Bytes of memory that it occupies."""
        return int(re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text(), re.M)[1]) * 1024


class Namespace:
    def __init__(self, lab, name):
        self.lab, self.name = lab, name

    def set_up(self):
        self.ip("link set lo up")
        # Addresses work at once, and routers are only believed where a test wants it.
        for where in ("all", "default"):
            self.sysctl(f"net.ipv6.conf.{where}.accept_dad", 0)
            self.sysctl(f"net.ipv6.conf.{where}.accept_ra", 0)

    def command(self, *argv):
        return ["ip", "netns", "exec", self.name, *map(str, argv)]

    def run(self, *argv, check=True, seconds=300, **more):
        """Run a command to its end: subprocess's result, with text. LabError when it fails and `check`."""
        options = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, **more}
        if "input" in more:
            del options["stdin"]
        done = subprocess.run(self.command(*argv), timeout=seconds, **options)
        if check and done.returncode != 0:
            raise LabError(f"{' '.join(map(str, argv))} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def ip(self, words):
        """One command of ip(8), in this namespace."""
        done = subprocess.run(["ip", "-netns", self.name, *words.split()], capture_output=True, text=True, timeout=200)
        if done.returncode != 0:
            raise LabError(f"ip {words}: {done.stderr.strip()}")
        return done.stdout

    def sysctl(self, name, value):
        with self.inside():
            Path("/proc/sys", *name.split(".")).write_text(str(value))

    @contextlib.contextmanager
    def inside(self):
        """This thread is in the namespace for the block: sockets made here belong to it and stay there."""
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            enter(there)
            try:
                yield self
            finally:
                enter(here)
        finally:
            os.close(here)
            os.close(there)

    def tap(self, name, *addresses, mtu=None):
        """A tap interface with addresses for this namespace's kernel; a program with --interface=name is its other end."""
        self.ip(f"tuntap add dev {name} mode tap")
        return self.up(name, *addresses, mtu=mtu)

    def up(self, name, *addresses, mtu=None):
        if mtu is not None:
            self.ip(f"link set {name} mtu {mtu}")
        self.ip(f"link set {name} up")
        for address in addresses:
            self.ip(f"addr add {address} dev {name}" + (" nodad" if ":" in address else ""))
        return name

    def veth(self, name, other, other_name):
        """A cable to another namespace; up() gives its ends addresses."""
        self.ip(f"link add {name} type veth peer name {other_name} netns {other.name}")

    def bridge(self, name, *ports):
        """A switch of interfaces that are there."""
        self.ip(f"link add {name} type bridge")
        for port in ports:
            self.ip(f"link set {port} master {name}")
        self.ip(f"link set {name} up")

    def split_here(self, name):
        """No segmentation offload: what leaves by this interface, or comes in by it, is a frame at a time."""
        with self.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for command in (0x1F, 0x24, 0x2C):  # ETHTOOL_STSO, _SGSO, _SGRO
                value = ctypes.create_string_buffer(struct.pack("=II", command, 0))
                fcntl.ioctl(s, 0x8946, struct.pack("=16sQ16x", name.encode(), ctypes.addressof(value)))  # SIOCETHTOOL

    def start(self, *argv, env=None, files=None):
        """A process that runs on until it is stopped; `files`: how many descriptors it may have."""
        return self.lab.start(self.command(*argv), env, files)

    def connect(self, address, port, seconds=100):
        """A TCP connection from here."""
        with self.inside():
            return socket.create_connection((address, port), seconds)

    def answers(self, address, port):
        """Whether a TCP connection can be made."""
        self.connect(address, port, 1).close()
        return True

    def serve_names(self, interface, *options):
        """dnsmasq on an interface that is up: DNS, and DHCP with --dhcp-range=…; see its leases in the result's `leases`."""
        leases = self.lab.file("leases")
        process = self.start("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
                             "--pid-file", "--log-facility=-", "--log-queries", "--log-dhcp", f"--dhcp-leasefile={leases}",
                             f"--interface={interface}", "--except-interface=lo", "--bind-dynamic", *options)
        process.leases = leases
        process.wait_for(r"dnsmasq(\[\d+\])?: started")
        return process

    def advertise(self, interface, options):
        """radvd on an interface; `options` is what its radvd.conf says of it, as in "prefix fd09::/64 { };"."""
        config, pid = self.lab.file("radvd.conf"), self.lab.file("radvd.pid")
        config.write_text(f"interface {interface} {{ AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; {options} }};\n")
        self.sysctl("net.ipv6.conf.all.forwarding", 1)
        process = self.start("radvd", "--nodaemon", f"--config={config}", f"--pidfile={pid}", "--logmethod=stderr", "--debug=1")
        process.wait_for("started")
        return process

    def capture(self, interface, file, *expression):
        """tcpdump's record of an interface; stop() it before reading the file."""
        process = self.start("tcpdump", "-i", interface, "-U", "-Z", "root", "-s", "0", "-B", "8192", "-w", file, *expression)
        process.wait_for("listening on")
        return process


def enter(fd):
    if LIBC.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Lab:
    def __init__(self):
        self.namespaces, self.processes, self.files = [], [], 0

    def __enter__(self):
        self.sweep()
        self.folder = Path(tempfile.mkdtemp(prefix="mirage-lab-"))
        # Meson ends tests that take too long so; what was made must go then, too.
        self.before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        return self

    def __exit__(self, *_):
        # A second interrupt must not leave half of it.
        held = {s: signal.signal(s, signal.SIG_IGN) for s in (signal.SIGINT, signal.SIGTERM)}
        for process in reversed(self.processes):
            process.kill()
        for namespace in reversed(self.namespaces):
            subprocess.run(["ip", "netns", "del", namespace.name], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        signal.signal(signal.SIGTERM, self.before)
        signal.signal(signal.SIGINT, held[signal.SIGINT])

    @staticmethod
    def sweep():
        """Remove what labs that were killed left."""
        folder = Path("/run/netns")
        for path in folder.iterdir() if folder.is_dir() else ():
            found = re.fullmatch(NAMES + r"-(\d+)-\d+", path.name)
            if found and not Path(f"/proc/{found[1]}").exists():
                subprocess.run(["ip", "netns", "del", path.name], capture_output=True)

    def namespace(self):
        name = f"{NAMES}-{os.getpid()}-{next(NUMBERS)}"
        done = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
        if done.returncode != 0:
            raise LabError(f"ip netns add: {done.stderr.strip()}")
        # Listed before it is set up, so that it is removed if that fails.
        self.namespaces.append(Namespace(self, name))
        self.namespaces[-1].set_up()
        return self.namespaces[-1]

    def file(self, name):
        """A path of its own for a file that goes with the lab."""
        self.files += 1
        return self.folder / f"{self.files}-{name}"

    def start(self, argv, env=None, files=None):
        log = self.file("log")
        argv = [str(word) for word in argv]
        if files is not None:
            argv = ["prlimit", f"--nofile={files}:{files}", *argv]
        with open(log, "wb") as out:
            process = Process(subprocess.Popen(argv, env=env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out,
                                               stderr=subprocess.STDOUT), log)
        self.processes.append(process)
        return process


def ends_well(tap, process, name):
    """Report that it ends when it is told to: not killed, and without a word from a sanitizer."""
    status = process.stop()
    said = process.said()
    tap.report(status == 0 and "ERROR: " not in said and "runtime error" not in said, f"{name}: it ends well", f"{status}\n{said[-6000:]}")


def run_tests(tests, names, *programs):
    """
    Build what `tests` stands on, if it builds anything, and call its methods of these names, each of which reports to tests.tap.
    Without root or one of these programs they are skipped. Returns the exit status.
    """
    reason = lacking(*programs)
    if reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    try:
        if hasattr(tests, "build"):
            tests.work.mkdir(parents=True, exist_ok=True)
            tests.build()
    except LabError as e:
        tests.tap.report(False, "the programs build", str(e))
        return tests.tap.end()
    for name in names:
        try:
            getattr(tests, name)()
        except (LabError, OSError) as e:
            tests.tap.report(False, f"{name}: nothing stops it", f"{type(e).__name__}: {e}")
    return tests.tap.end()
