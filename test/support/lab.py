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
    """Call check() until it returns a true value, and return that. OSError and subprocess errors count as
    false. LabError: time is over; it tells the last of these."""
    end, last = time.monotonic() + seconds, None
    while True:
        try:
            value, last = check(), None
        except (OSError, subprocess.SubprocessError) as e:
            value, last = None, e
        if value:
            return value
        if time.monotonic() > end:
            why = f"; at last: {last!r}" if last else ""
            raise LabError(f"not within {seconds} s: {what() if callable(what) else what}{why}")
        time.sleep(every)


def lacking(*programs):
    """The reason why the tests cannot run here, or None. They need root, namespaces, taps and the named programs."""
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
    """Build the application in `folder`, a copy that the caller made, with GCC unless the options say another compiler. Returns
    the program's path, or raises LabError with the output of mirage."""
    status, out, err = run([str(mirage), "build", "--cc=gcc", *options, str(folder)], work, mirage_environment(work))
    if status != 0:
        raise LabError(f"mirage build {' '.join(options)} {folder}\n{out}{err}")
    return (Path(work) / out.strip()).resolve()


def copy_tree(source, target):
    """Copy the sources of an application, without what is built from them."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("_build", "compile_commands.json"))
    return target


class Process:
    """A program that runs in a namespace. Its output goes to a file."""

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
        """Wait until a regular expression matches the program's output, and return the match. LabError when the program ends
        before that, or time is over."""
        def look():
            ended = not self.alive()
            found = re.search(pattern, self.said(), re.M)
            if not found and ended:
                raise LabError(f"ended with {self.popen.returncode} before it said {pattern!r}\n{self.said()}")
            return found
        return until(look, lambda: f"{pattern!r} in\n{self.said()}", seconds)

    def stop(self, seconds=200):
        """Ask the program to end. Returns its exit status, or None when it had to be killed."""
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
        """The program's resident memory in bytes."""
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
        """Run a command to its end. Returns subprocess's result, with text. LabError when it fails and `check` is set."""
        options = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, **more}
        if "input" in more:
            del options["stdin"]
        done = subprocess.run(self.command(*argv), timeout=seconds, **options)
        if check and done.returncode != 0:
            raise LabError(f"{' '.join(map(str, argv))} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def ip(self, words):
        """Run ip(8) in this namespace."""
        done = subprocess.run(["ip", "-netns", self.name, *words.split()], capture_output=True, text=True, timeout=200)
        if done.returncode != 0:
            raise LabError(f"ip {words}: {done.stderr.strip()}")
        return done.stdout

    def sysctl(self, name, value):
        with self.inside():
            Path("/proc/sys", *name.split(".")).write_text(str(value))

    @contextlib.contextmanager
    def inside(self):
        """For a `with` block: this thread is in the namespace. Sockets that are made in the block stay in the namespace."""
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
        """Make a tap interface with addresses for this namespace's kernel. A program with --interface=name has the other end."""
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
        """Connect this namespace to another one with a veth pair. up() gives its ends addresses."""
        self.ip(f"link add {name} type veth peer name {other_name} netns {other.name}")

    def bridge(self, name, *ports):
        """Make a bridge of existing interfaces."""
        self.ip(f"link add {name} type bridge")
        for port in ports:
            self.ip(f"link set {port} master {name}")
        self.ip(f"link set {name} up")

    def split_here(self, name):
        """Switch segmentation offload off. The interface then sends and receives single frames."""
        with self.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for command in (0x1F, 0x24, 0x2C):  # ETHTOOL_STSO, _SGSO, _SGRO
                value = ctypes.create_string_buffer(struct.pack("=II", command, 0))
                fcntl.ioctl(s, 0x8946, struct.pack("=16sQ16x", name.encode(), ctypes.addressof(value)))  # SIOCETHTOOL

    def start(self, *argv, env=None, files=None):
        """Start a process that runs until it is stopped. `files` limits its descriptors."""
        return self.lab.start(self.command(*argv), env, files)

    def connect(self, address, port, seconds=100):
        """Open a TCP connection from this namespace."""
        with self.inside():
            return socket.create_connection((address, port), seconds)

    def answers(self, address, port):
        """Whether a TCP connection can be made."""
        self.connect(address, port, 1).close()
        return True

    def serve_names(self, interface, *options):
        """Start dnsmasq on an interface: DNS, and with --dhcp-range=… DHCP. `leases` of the result is the path of its leases."""
        leases = self.lab.file("leases")
        process = self.start("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
                             "--pid-file", "--log-facility=-", "--log-queries", "--log-dhcp", f"--dhcp-leasefile={leases}",
                             f"--interface={interface}", "--except-interface=lo", "--bind-dynamic", *options)
        process.leases = leases
        process.wait_for(r"dnsmasq(\[\d+\])?: started")
        return process

    def advertise(self, interface, options):
        """Start radvd on an interface. `options` is the interface's part of radvd.conf, such as "prefix fd09::/64 { };"."""
        config, pid = self.lab.file("radvd.conf"), self.lab.file("radvd.pid")
        config.write_text(f"interface {interface} {{ AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; {options} }};\n")
        self.sysctl("net.ipv6.conf.all.forwarding", 1)
        process = self.start("radvd", "--nodaemon", f"--config={config}", f"--pidfile={pid}", "--logmethod=stderr", "--debug=1")
        process.wait_for("started")
        return process

    def capture(self, interface, file, *expression):
        """Record an interface with tcpdump. Call stop() before you read the file."""
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
        """Remove what killed labs left."""
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
        """A new path for a file that is deleted with the lab."""
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
    """Report whether the program ends when it is asked to, without being killed and without a sanitizer's report."""
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
