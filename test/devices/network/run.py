#!/usr/bin/env python3
"""Builds the compositions in apps/ with the mirage command, runs them and compares what they print.

apps/NAME: prints `expected` on each target in each mode. sim: what the simulation
promises. lacking: what it refuses. pcap: what a capture holds.
two: two stacks over a bad line.
"""

import argparse
import shutil
import struct
import sys
from pathlib import Path

from tap import Tap, mirage_environment, run

HERE = Path(__file__).resolve().parent
MODES = {
    "gcc": ["--cc=gcc"],
    "gcc sanitized": ["--cc=gcc", "--sanitize=address,undefined"],
    "clang release": ["--cc=clang", "--release"],
}
TARGETS = ["linux", "sim"]
VIRTUAL = {"fault"}  # these count milliseconds exactly, so they only run in virtual time


def same_output(tap, mirage, source, work, env):
    expected = (source / "expected").read_text()
    for target in ["sim"] if source.name in VIRTUAL else TARGETS:
        for name, options in MODES.items():
            status, out, err = run([mirage, "run", f"--target={target}", *options], work, env)
            tap.report(status == 0 and out == expected, f"{source.name}, {target}, {name}",
                       f"status {status}\n{err}\n-- expected\n{expected}\n-- printed\n{out}")
            shutil.rmtree(work / "_build")


def simulation(tap, mirage, work, env):
    """A run of sim depends on its seed alone, and takes no real time."""
    status, out, err = run([mirage, "build", "--target=sim", "--cc=gcc", "--release"], work, env)
    tap.report(status == 0, "sim builds", err)
    binary = str(work / "_build" / "sim-release" / work.name)
    seeds = {}
    for seed in range(50):
        first, again = (run([binary, f"--seed={seed}"], work, env) for _ in range(2))
        if first != again or first[0] != 0 or f"a run --seed={seed}" not in first[2]:
            tap.report(False, f"seed {seed} is the same run twice", f"{first}\n{again}")
            return
        seeds[first[1]] = seed
    tap.report(len(seeds) == 50, "one seed is one run, others are others", f"{len(seeds)} runs of 50 seeds")
    tap.report(all(out.endswith("31536000 s\n") for out in seeds), "a year passes at once")
    _, without, _ = run([binary], work, env)
    _, one, _ = run([binary, "--seed=1"], work, env)
    tap.report(without == one, "without a seed it is 1", without)
    status, _, err = run([binary, "--seed=7", "--end=badly"], work, env)
    tap.report(status == 1 and "job job failed with --seed=7: " in err, "a failure tells its seed", err)
    status, _, err = run([binary, "--seed=8", "--end=never"], work, env)
    tap.report(status == 1 and "deadlock with --seed=8: " in err, "a deadlock is told at once, with its seed", err)


def read_pcap(path):
    """The records of a pcap file with nanoseconds: time, bytes kept, length."""
    data = path.read_bytes()
    magic, major, minor, _, _, snap, link = struct.unpack_from("=IHHiIII", data)
    assert (magic, major, minor, link) == (0xA1B23C4D, 2, 4, 1), data[:24]
    records, at = [], 24
    while at < len(data):
        seconds, nano, kept, length = struct.unpack_from("=IIII", data, at)
        assert kept == min(length, snap) and nano < 10**9
        records.append((seconds * 10**9 + nano, data[at + 16:at + 16 + kept], length))
        at += 16 + kept
    assert at == len(data)
    return records


def pcap(tap, mirage, work, env):
    status, _, err = run([mirage, "build", "--target=sim", "--cc=gcc", "--sanitize=address,undefined"], work, env)
    tap.report(status == 0, "pcap builds", err)
    binary = str(work / "_build" / "sim-sanitize" / work.name)
    done = run([binary], work, env)
    tap.report(done[:2] == (0, ""), "pcap runs", str(done))
    whole, heads = read_pcap(work / "all.pcap"), read_pcap(work / "heads.pcap")
    lengths = [n for head in (66, 86, 42, 62) for n in (head + 101, head + 30000)] + [50]
    tap.equal("all that was written is recorded", [r[2] for r in whole], lengths)
    times = [r[0] - whole[0][0] for r in whole]
    tap.equal("with its time, to the nanosecond", times, [n // 2 * (10**9 + 7) for n in range(9)])
    # UDP is not merged on the way in: the right side sees 22 segments.
    tap.equal("a snap length cuts", [len(r[1]) for r in heads[:4]], [60] * 4)
    tap.equal("what comes in is recorded", len(heads), 2 + 2 + 1 + 22 + 1 + 22 + 1)
    first = (work / "all.pcap").read_bytes()
    run([binary], work, env)
    tap.report((work / "all.pcap").read_bytes() == first, "the same seed makes the same file")
    run([binary, "--seed=2"], work, env)
    tap.report((work / "all.pcap").read_bytes() != first, "another seed makes another")
    run([binary, "--pcap__2-pcap=elsewhere.pcap"], work, env)
    tap.report((work / "elsewhere.pcap").exists(), "--pcap names the file")
    status, _, err = run([binary, "--pcap__2-pcap=no/folder.pcap"], work, env)
    tap.report(status != 0 and "no/folder.pcap can't be opened to record frames" in err, "a file that can't be opened is told", err)
    status, _, err = run([binary, "--pcap__2-pcap=/dev/full"], work, env)
    tap.report(status == 0 and "the capture ends here: the file can't be written" in err, "a full disk ends the capture alone", err)
    if not shutil.which("tshark"):
        tap.skip("tshark reads it", "tshark is not installed")
        return
    fields = ["frame.len", "ip.checksum.status", "tcp.checksum.status", "udp.checksum.status", "_ws.malformed"]
    argv = ["tshark", "-r", "all.pcap", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
            "-o", "ip.check_checksum:TRUE", "-T", "fields", "-E", "separator=,"]
    status, out, err = run(argv + [w for f in fields for w in ("-e", f)], work, env)
    expected = "".join(f"{n},{'' if i % 4 > 1 and i < 8 else 1},{1 if i < 4 else ''},{'' if i < 4 else 1},\n"
                       for i, n in enumerate(lengths))
    tap.equal("tshark reads it, and finds every checksum right", out, expected)


def two(tap, mirage, work, env):
    """Two hosts on a switch, one behind a bad line: TCP delivers every byte, whatever the seed."""
    status, _, err = run([mirage, "build", "--target=sim", "--cc=gcc"], work, env)
    tap.report(status == 0, "two hosts build", err)
    argv = [str(work / "_build" / "sim" / work.name), "--ipv4-ipv4=10.0.0.1/24", "--ipv4__2-ipv4=10.0.0.2/24",
            "--bytes=256000", "--log=warning"]
    failed, took = [], set()
    for seed in range(1, 101):
        status, out, err = run([*argv, f"--seed={seed}"], work, env)
        took.add(out)
        if status != 0 or not out.startswith("256000 bytes each way"):
            failed.append(f"--seed={seed}: {err}")
    tap.report(not failed, "100 seeds of a bad line, each byte in order", "\n".join(failed))
    tap.report(len(took) > 90, "each seed is a line of its own", f"{len(took)} different times")
    first, again = (run([*argv, "--seed=7", "--log=debug"], work, env) for _ in range(2))
    tap.report(first == again, "and the same one each time, to the log lines")


def lacking(tap, mirage, work, env):
    status, out, err = run([mirage, "build", "--target=sim"], work, env)
    tap.equal("what needs Linux is refused", (status, out, err.replace(str(work) + "/", "")), (
        1, "", "config.c:6: error: socket_stack() is a module of the target linux alone, and this program is for sim\n"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mirage")
    parser.add_argument("work", type=Path)
    parser.add_argument("which", nargs="*", help="names of cases; all without any")
    args = parser.parse_args()
    tap = Tap()
    work = args.work.resolve()
    env = mirage_environment(work)
    shutil.rmtree(work / "apps", ignore_errors=True)
    shutil.copytree(HERE / "apps", work / "apps", ignore=shutil.ignore_patterns("_build", "compile_commands.json"))
    for name in ("frames.h",):
        shutil.copy(HERE / name, work / name)
    for source in sorted((HERE / "apps").iterdir()):
        if args.which and source.name not in args.which:
            continue
        if (source / "expected").exists():
            same_output(tap, args.mirage, source, work / "apps" / source.name, env)
    for check in (simulation, lacking, pcap, two):
        name = {simulation: "sim"}.get(check, check.__name__)
        if not args.which or name in args.which:
            shutil.rmtree(work / name, ignore_errors=True)
            shutil.copytree(HERE / name, work / name)
            check(tap, args.mirage, work / name, env)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
