"""Fast Open (RFC 7413), with the kernel as the client."""

import socket

from lab import Lab
from trouble.base import Base, BAD_LINE, ECHO, V4, V6, pattern, receive

MSG_FASTOPEN, SYN_DATA = 0x20000000, 32


def echo(host, address, data):
    """Send bytes with the SYN when there is a cookie. Returns whether all came back, and whether the SYN's were taken."""
    with host.inside():
        s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    with s:
        s.sendto(data, MSG_FASTOPEN, (address, ECHO))
        s.settimeout(600)
        s.shutdown(socket.SHUT_WR)
        back = receive(s, len(data))
        options = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)[5]
        return back == data and s.recv(1) == b"", bool(options & SYN_DATA)


class Opening(Base):
    def fast_open(self):
        """The first connection gets a cookie, and the next ones send bytes with their SYNs, also over a bad line."""
        with Lab() as l:
            peer = self.peer(l, "bad")
            peer.host.sysctl("net.ipv4.tcp_fastopen", 1)
            for address in (V4, V6):
                first, before = echo(peer.host, address, pattern(100)), peer.stats()
                again = [echo(peer.host, address, pattern(n)) for n in (0, 1, 1000, 1400, 9000, 200000)]
                now = peer.stats()
                self.tap.report(first == (True, False) and before["tcp_fast_open_given"] > 0, f"{address}: a cookie is asked for", f"{first} {before}")
                # Nothing is sent with a SYN where there is nothing to send.
                self.tap.report(again == [(True, False)] + [(True, True)] * 5, f"{address}: bytes go with the SYN", str(again))
                opened = now["tcp_fast_open_good"] - before["tcp_fast_open_good"]
                self.tap.report(opened == 6 and now["tcp_fast_open_bad"] == 0, f"{address}: the stack took them", f"{opened}\n{now}")
            peer.end("Fast Open", self.tap)
        with Lab() as l:
            peer = self.peer(l, "bad", "--fault-seed=1", f"--fault-in={BAD_LINE}", f"--fault-out={BAD_LINE}")
            peer.host.sysctl("net.ipv4.tcp_fastopen", 1)
            runs = [echo(peer.host, V4, pattern(3000)) for _ in range(20 if self.quick else 200)]
            now = peer.stats()
            self.tap.report(all(whole for whole, _ in runs), "over a bad line all bytes come back", str(runs))
            self.tap.report(now["tcp_fast_open_good"] > len(runs) // 2, "most of them were opened fast", str(now))
            peer.end("Fast Open over a bad line", self.tap)
