"""A DHCP server for tests. Its leases are short, and a test can make it refuse requests or ignore them."""

import socket
import struct
import threading
import time

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE = range(1, 8)
SO_BINDTODEVICE, IP_PKTINFO = 25, 8


class Message:
    def __init__(self, data, source, to):
        self.data, self.source, self.to, self.time = data, source, to, time.monotonic()
        self.id, self.broadcast = data[4:8], bool(data[10] & 0x80)
        self.client = socket.inet_ntoa(data[12:16])
        self.mac = data[28:34]
        self.options, at = {}, 240
        while at < len(data) and data[at] != 255:
            if data[at] == 0:
                at += 1
                continue
            self.options[data[at]] = data[at + 2:at + 2 + data[at + 1]]
            at += 2 + data[at + 1]
        self.type = self.options[53][0]

    def address(self, option):
        return socket.inet_ntoa(self.options[option]) if option in self.options else None


class Server:
    """Ignore messages for which `mute(message)` is true, and answer with a NAK when `refuse(message)` is true.

    When `rival` is an address, a server with that address refuses every request first.
    """

    def __init__(self, namespace, interface, own, offer, lease, renew=None, rebind=None, more=()):
        self.own, self.offer, self.lease, self.renew, self.rebind, self.more = own, offer, lease, renew, rebind, more
        self.heard, self.mute, self.refuse, self.rival = [], lambda m: False, lambda m: False, None
        with namespace.inside():
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, interface.encode())
        self.socket.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        self.socket.bind(("", 67))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                data, extra, _, source = self.socket.recvmsg(2048, 100)
            except OSError:
                return
            if not data:
                return
            # The packet's destination is the last member of struct in_pktinfo.
            message = Message(data, source[0], socket.inet_ntoa(extra[0][2][8:12]))
            self.heard.append(message)
            if message.type in (DISCOVER, REQUEST) and not self.mute(message):
                if self.rival and message.type == REQUEST:
                    self.send(message, NAK, self.rival)
                self.send(message, OFFER if message.type == DISCOVER else NAK if self.refuse(message) else ACK, self.own)

    def stop(self):
        """Closes the port. Whoever waits in it is woken first, as he would keep it open."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def send(self, m, kind, own):
        offered = "0.0.0.0" if kind == NAK else m.client if m.client != "0.0.0.0" else self.offer
        options = bytes([53, 1, kind, 54, 4]) + socket.inet_aton(own)
        if kind != NAK:
            times = [(51, self.lease), (58, self.renew), (59, self.rebind)]
            options += b"".join(struct.pack("!BBI", code, 4, value) for code, value in times if value)
            options += bytes([1, 4, 255, 255, 255, 0]) + b"".join(bytes([code, len(data)]) + data for code, data in self.more)
        reply = bytes([2, 1, 6, 0]) + m.id + bytes(4) + socket.inet_aton(m.client) + socket.inet_aton(offered) + bytes(8)
        reply += m.mac + bytes(10 + 192) + bytes([99, 130, 83, 99]) + options + b"\xff"
        self.socket.sendto(reply, (m.client if m.client != "0.0.0.0" and kind != NAK else "255.255.255.255", 68))

    def of(self, kind):
        return [m for m in list(self.heard) if m.type == kind]
