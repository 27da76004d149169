#!/usr/bin/env python3
"""
The tap device against the kernel, in namespaces of its own that end with this program: one of the network, and one
of mounts, in which /dev/net/tun has the mode that a case needs, whatever it is on this machine.
"""

import argparse
import atexit
import fcntl
import os
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tap import Tap, mirage_environment, rests, run

HERE = Path(__file__).resolve().parent
VNET = struct.Struct("=BBHHHH")  # struct virtio_net_hdr
PACKET_VNET_HDR = 15
TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x400454CA, 2, 0x1000, 0x4000
MODES = {
    "gcc": ["--cc=gcc"],
    "gcc sanitized": ["--cc=gcc", "--sanitize=address,undefined"],
    "clang release": ["--cc=clang", "--release"],
}


def sh(command):
    subprocess.run(command.split(), check=True, timeout=200)


TUN = Path("/dev/net/tun")


def own_tun():
    """Make a /dev/net/tun in this namespace that everybody may open."""
    device = os.stat(TUN).st_rdev
    sh(f"mount -t tmpfs none {TUN.parent}")
    os.mknod(TUN, stat.S_IFCHR, device)
    os.chmod(TUN, 0o666)


class Peer:
    """The program under test, and a packet socket on its interface."""

    def __init__(self, binary, name, *args):
        self.process = subprocess.Popen([binary, f"--interface={name}", "--mac=02:00:00:00:00:02", *args],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        self.ready = self.line()
        self.name = name
        sh(f"ip link set {name} up")
        self.packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.packets.setsockopt(263, PACKET_VNET_HDR, 1)
        self.packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
        self.packets.bind((name, 3))
        self.mac = self.packets.getsockname()[4]
        self.packets.settimeout(50)

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def send(self, frame, header=(0, 0, 0, 0, 0, 0)):
        self.packets.send(VNET.pack(*header) + frame)

    def command(self, text):
        self.send(b"\x02\0\0\0\0\x02" + self.mac + b"\x88\xb6" + text.encode().ljust(60, b" "))

    def receive(self, protocol):
        """The program's next frame with this IPv4 or IPv6 protocol, and its header."""
        while True:
            data, address = self.packets.recvfrom(70000)
            frame = data[VNET.size:]
            if address[2] == socket.PACKET_OUTGOING or frame[6:12] != b"\x02\0\0\0\0\x02":
                continue
            kind = frame[12:14]
            if (kind == b"\x08\0" and frame[23] == protocol) or (kind == b"\x86\xdd" and frame[20] == protocol):
                return VNET.unpack(data[:VNET.size]), frame

    def end(self):
        self.command("end")
        self.packets.close()
        out, err = self.process.communicate(timeout=200)
        return self.process.returncode, out, err


def total(data):
    data += b"\0" * (len(data) % 2)
    n = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while n >> 16:
        n = (n & 0xFFFF) + (n >> 16)
    return n


def tcp_frame(to, payload):
    """A GSO frame for the program. Its checksum field has the sum of the pseudo-header."""
    ip = bytearray(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 1, 0x4000, 64, 6, 0, b"\x0a\x09\0\1", b"\x0a\x09\0\2"))
    ip[10:12] = struct.pack("!H", 0xFFFF & ~total(bytes(ip)))
    pseudo = total(bytes(ip[12:20]) + struct.pack("!HH", 6, 20 + len(payload)))
    tcp = struct.pack("!HHIIBBHHH", 5000, 9, 1, 1, 0x50, 0x18, 1000, pseudo, 0)
    return b"\x02\0\0\0\0\x02" + to + b"\x08\0" + bytes(ip) + tcp + payload


def check_frames(tap, peer):
    head = b"\x02\0\0\0\0\x02" + peer.mac + b"\x88\xb5"
    told = []
    for n in (14, 60, 1514):
        peer.send(head + b"x" * (n - 14))
        told.append(peer.line())
    tap.equal("a short frame lies in one piece", told, [f"{n} bytes, {n} in the first of one, csum 0, gso 0 of 0" for n in (14, 60, 1514)])
    payload = bytes(i & 255 for i in range(60000))
    peer.send(tcp_frame(peer.mac, payload), (1, 1, 54, 1448, 34, 16))
    got = peer.line()
    tap.report(got.startswith("60054 bytes, ") and got.endswith(" of several, csum 2, gso 1 of 1448"), "a long one comes whole", got)
    for kind, name, protocol, header in ((0, "TCP over IPv4", 6, (1, 0x81, 66, 1400, 34, 16)), (1, "TCP over IPv6", 6, (1, 0x84, 86, 1400, 54, 16)),
                                         (2, "UDP over IPv4", 17, (1, 5, 42, 1400, 34, 6)), (3, "UDP over IPv6", 17, (1, 5, 62, 1400, 54, 6))):
        peer.command(f"send {kind} 60000 1400 1")
        said = peer.line()
        seen, frame = peer.receive(protocol)
        ok = seen[:2] == header[:2] and seen[3:] == header[3:] and frame[header[2]:] == bytes((i ^ i >> 8) & 255 for i in range(60000))
        tap.report(said == "sent: success" and ok, f"{name} goes out whole", f"{said}, {seen}, expected {header}, {len(frame)} bytes")
    peer.command("send 0 100 0 1")
    tap.equal("a checksum is left to the kernel", (peer.line(), peer.receive(6)[0][::5]), ("sent: success", (1, 16)))
    peer.command("pieces")
    said = peer.line()
    tap.equal("a frame of many pieces goes out", (said, peer.receive(6)[1][66:]), ("pieces: success", b"0123456789" * 100))
    peer.command("send 0 1460 0 1")
    tap.equal("a frame longer than the MTU is refused", peer.line(), "sent: invalid argument")


def check_kernel(tap, peer):
    """The kernel's UDP resolves the address, and verifies the datagram that comes back."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(50)
        s.connect(("10.9.0.2", 7))
        sizes, back, told = (0, 1, 1000, 1472), [], []
        for n in sizes:
            s.send(bytes(range(256)) * 6 if n == 1536 else b"q" * n)
            back.append(len(s.recv(2000)))
            told.append(peer.line())
        tap.equal("datagrams go to the program and back", back, list(sizes))
        return told


def flood(tap, peer):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((peer.name, 0x88B7))
    frame = b"\x02\0\0\0\0\x02" + peer.mac + b"\x88\xb7" + b"f" * 1000
    for _ in range(20000):
        try:
            s.send(frame)
        except OSError:
            pass
    s.close()
    for _ in range(500):
        peer.command("stats")
        views = int(peer.line().split()[0])
        if views < 40:
            break
        time.sleep(0.02)
    tap.report(views < 40, "a flood leaves nothing behind", f"{views} views")


def check_mode(tap, name, binary, plain):
    print(f"# {name}", flush=True)
    sh("ip tuntap add dev mirage0 mode tap")
    sh("ip addr add 10.9.0.1/24 dev mirage0")
    sh("ip link set mirage0 up")
    peer = Peer(binary, "mirage0")
    offloads = int(peer.ready.split()[-1], 16)
    tap.report(peer.ready.startswith("ready 02:00:00:00:00:02 mtu 1500 ") and offloads & 0x37 == 0x37,
               f"it offers what the kernel has, {name}", peer.ready)
    check_frames(tap, peer)
    told = check_kernel(tap, peer)
    tap.report(all("csum 2" in line for line in told), "the kernel leaves checksums to it", str(told))
    flood(tap, peer)
    peer2 = subprocess.run([binary, "--interface=mirage0"], capture_output=True, text=True, timeout=200)
    tap.report(peer2.returncode == 1 and "the interface mirage0 is in use by another program" in peer2.stderr,
               "one program an interface", peer2.stderr)
    status, _, err = peer.end()
    tap.report(status == 0 and "ERROR" not in err, "it ends well", f"{status}\n{err}")
    peer = Peer(plain, "mirage0")
    tap.equal("without offloads it offers none", peer.ready.split()[-1], "0")
    told = check_kernel(tap, peer)
    tap.report(all("csum 0" in line for line in told), "and gets none", str(told))
    peer.command("send 0 60000 1400 1")
    tap.equal("and refuses them", peer.line(), "sent: invalid argument")
    peer.end()
    sh("ip link set mirage0 mtu 9000")
    peer = Peer(binary, "mirage0")
    tap.report(" mtu 9000 " in peer.ready, "the MTU is the interface's", peer.ready)
    peer.end()
    sh("ip link del mirage0")


def check_others(tap, binary):
    peer = Peer(binary, "made0")
    tap.report(peer.ready.startswith("ready "), "an interface is made when it isn't there", peer.ready)
    peer.end()
    tap.report("made0" not in [name for _, name in socket.if_nameindex()], "and goes with the program")
    sh("ip tuntap add dev many0 mode tap multi_queue")
    peer = Peer(binary, "many0")
    tap.report(peer.ready.startswith("ready "), "one made for several queues will do", peer.ready)
    peer.end()

    sh("ip link set many0 down")
    peer = Peer(binary, "many0")
    sh("ip link set many0 down")
    sh("ip link del many0")
    idle = rests(peer.process.pid)
    peer.process.terminate()
    _, err = peer.process.communicate(timeout=200)
    tap.report(peer.process.returncode == 0 and "the interface many0" in err and idle,
               "an interface that goes away is told, and does not keep it busy", f"{peer.process.returncode}\n{err}")

    def fails(name, said, *args, user=None):
        with tempfile.TemporaryDirectory() as folder:
            # Another user may have no access to the build folder.
            os.chmod(folder, 0o755)
            copy = shutil.copy(binary, folder)
            done = subprocess.run([copy, *args], capture_output=True, text=True, timeout=200, user=user)
        tap.report(done.returncode == 1 and said in done.stderr, name, f"{done.returncode}\n{done.stderr}")

    fails("an interface of another kind is refused", "the interface lo is there already, and no tap", "--interface=lo")
    fails("a name that is none is refused", "can't be the name of an interface", "--interface=a/b")
    fails("an address that is none is refused", "is not the address of one station", "--interface=t0", "--mac=01:00:00:00:00:00")
    os.chmod(TUN, 0o600)
    fails("a driver that may not be opened is told", "/dev/net/tun may not be opened: this user needs to read and write it",
          "--interface=t0", user=65534)
    os.chmod(TUN, 0o666)
    fails("without permission it says how to get it", "ip tuntap add t0 mode tap user USER", "--interface=t0", user=65534)
    sh("ip tuntap add dev root0 mode tap user 1")
    fails("an interface of another user's is refused", "the interface root0 belongs to another user", "--interface=root0", user=65534)
    addresses = []
    for name in ("t0", "t0", "t1"):
        process = subprocess.Popen([binary, f"--interface={name}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        addresses.append(process.stdout.readline().split()[1])
        process.terminate()
        process.communicate(timeout=200)
    tap.report(addresses[0] == addresses[1] != addresses[2] and int(addresses[0][:2], 16) & 3 == 2,
               "the address is the same each time, and another for another interface", str(addresses))


def start_given(binary, names, *descriptors):
    """Start the program with these descriptors, from 3 on. The shell replaces itself by the program."""
    def place():
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, 3 + number)

    return subprocess.Popen(["sh", "-c", 'LISTEN_PID=$$ exec "$0" "$@"', binary, "--interface=service"], text=True, preexec_fn=place,
                            close_fds=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env={**os.environ, "LISTEN_FDS": str(names.count(":") + 1), "LISTEN_FDNAMES": names})


def check_given(tap, binary):
    """Taps that the starter of the program opened for it."""
    tun, null = (fcntl.fcntl(os.open(path, os.O_RDWR), fcntl.F_DUPFD_CLOEXEC, 100) for path in (TUN, "/dev/null"))
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"given0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
    sh("ip link set given0 mtu 1400")
    process = start_given(binary, "block.service:network.service", null, tun)
    ready = process.stdout.readline()
    process.terminate()
    _, err = process.communicate(timeout=200)
    tap.report(" mtu 1400 " in ready and process.returncode == 0, "a tap that was opened for the program is used", ready + err)
    for name, before, said in (
            ("a descriptor that is no tap is refused", 0, "the descriptor that was given as network.service is no tap with IFF_NO_PI and "
             "IFF_VNET_HDR: open /dev/net/tun with these, or start the program without it"),
            # The program itself opens descriptors with the first free numbers.
            ("a descriptor that is not there is refused", 200, "the descriptor that was given as network.service is not open: whoever "
             "starts the program has to leave it open")):
        process = start_given(binary, "other:" * before + "network.service", null)
        _, err = process.communicate(timeout=200)
        tap.report(process.returncode == 1 and said in err, name, err)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mirage")
    parser.add_argument("work", type=Path)
    parser.add_argument("--inside", action="store_true", help="already in the namespace")
    args = parser.parse_args()
    if not args.inside:
        probe = subprocess.run(["unshare", "--net", "--mount", "ip", "tuntap", "add", "dev", "probe0", "mode", "tap"], capture_output=True) \
            if os.geteuid() == 0 and shutil.which("unshare") and shutil.which("ip") else None
        if probe is None or probe.returncode != 0:
            print("1..0 # SKIP taps can't be made here: this needs root, iproute2, and the kernel's module tun")
            return 0
        os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, *sys.argv, "--inside"])
    tap, work = Tap(), args.work.resolve()
    env = mirage_environment(work)
    folder = work / "tap"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / "tap", folder)
    shutil.copy(HERE / "frames.h", work / "frames.h")
    os.chmod(work, 0o755)
    own_tun()
    sh("ip link set lo up")
    for path in ("all", "default"):
        Path(f"/proc/sys/net/ipv6/conf/{path}/disable_ipv6").write_text("1")
    binaries = []
    for name, options in MODES.items():
        both = []
        for key in ("--no-plain", "--plain"):
            status, _, err = run([args.mirage, "build", *options, key], folder, env)
            built = folder / "_build" / ("linux" + ("-release" if "release" in name else "") + ("-sanitize" if "sanit" in name else "")) / "tap"
            kept = work / f"tap-{name.replace(' ', '-')}{key}"
            if status != 0:
                tap.report(False, f"it builds, {name}", err)
                return tap.end()
            shutil.copy(built, kept)
            both.append(str(kept))
            shutil.rmtree(folder / "_build")
        check_mode(tap, name, *both)
        binaries += both
    check_others(tap, binaries[0])
    check_given(tap, binaries[0])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
