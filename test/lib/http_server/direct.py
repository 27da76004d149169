#!/usr/bin/env python3
"""Runs all of server.py on the project's own stack over a tap. The clients use one version of IP.

direct.py MIRAGE SERVER-FOLDER 4|6 [MIRAGE-BUILD-OPTION...]
"""

import sys

import lab
import server


def main():
    reason = lab.lacking("curl")
    if reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    version = sys.argv.pop(3)
    sys.argv.append("--net=direct")
    with lab.Lab() as l:
        host = l.namespace()
        host.tap("tap0", "10.9.0.1/24", "fd09::1/64")
        server.Server.address = "10.9.0.2" if version == "4" else "fd09::2"
        server.Server.arguments = ["--interface=tap0", "--ipv4=10.9.0.2/24", "--ipv6=fd09::2/64", "--log=*:info"]
        with host.inside():
            return server.main()


if __name__ == "__main__":
    sys.exit(main())
