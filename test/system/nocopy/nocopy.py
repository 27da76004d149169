#!/usr/bin/env python3
"""No payload is copied between the tap and the application: copies are interposed and counted. TAP.

nocopy.py MIRAGE COUNTER.so SOURCES: builds SOURCES/server for release, moves MEGABYTES each way over a tap, and allows
a copy for one byte in a thousand: small pieces are joined on purpose.
"""

import mmap
import socket
import struct
import sys
from pathlib import Path

mirage, counter, sources = (Path(word).resolve() for word in sys.argv[1:4])
from lab import Lab, LabError, build, copy_tree, lacking, until

MEGABYTES = 32
BYTES = MEGABYTES << 20
DISCARD, SOURCE, ECHO, COPY = 1, 2, 3, 4
CASES = [("tap read to application read", DISCARD, False), ("application write to tap write", SOURCE, False),
         ("read and written again", ECHO, False), ("a copy on purpose is seen", COPY, True)]


def move(s, port):
    """Move BYTES, both ways where it is echoed."""
    chunk, sent, received = bytes(1 << 18), 0, 0
    wanted = BYTES if port in (SOURCE, ECHO) else 0
    s.settimeout(200)
    while (port != SOURCE and sent < BYTES) or received < wanted:
        if port != SOURCE and sent < BYTES:
            s.sendall(chunk)
            sent += len(chunk)
        while received < min(wanted, sent if port == ECHO else wanted):
            got = s.recv(1 << 20)
            if not got:
                raise LabError(f"the connection ended after {received} bytes")
            received += len(got)
    if port != SOURCE:
        s.shutdown(socket.SHUT_WR)
        while s.recv(1 << 16):
            pass


def main():
    print(f"1..{len(CASES)}")
    reason = lacking()
    if reason:
        for number, (name, _, _) in enumerate(CASES, 1):
            print(f"ok {number} - {name} # SKIP {reason}")
        return 0
    failed = 0
    with Lab() as lab:
        program = build(mirage, copy_tree(sources / "server", lab.folder / "server"), lab.folder, "--net=direct", "--release")
        host = lab.namespace()
        host.tap("tap0", "10.9.0.1/24")
        copies = lab.file("copies")
        copies.write_bytes(bytes(8))
        host.start("env", f"LD_PRELOAD={counter}", f"COPIES={copies}", program, "--interface=tap0", "--ipv4=10.9.0.2/24")
        until(lambda: host.answers("10.9.0.2", DISCARD), "the server answers")
        with open(copies, "r+b") as file:
            shared = mmap.mmap(file.fileno(), 8)
        for number, (name, port, copied) in enumerate(CASES, 1):
            before = struct.unpack("Q", shared[:])[0]
            with host.connect("10.9.0.2", port) as s:
                move(s, port)
            share = (struct.unpack("Q", shared[:])[0] - before) / BYTES
            good = share > 0.99 if copied else share < 0.001
            failed += not good
            print(f"# {share:.5f} bytes were copied for each byte moved")
            print(f"{'ok' if good else 'not ok'} {number} - {name}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
