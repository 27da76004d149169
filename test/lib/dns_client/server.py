"""A DNS server for tests, over UDP and TCP on loopback. It answers from a table. For some names it misbehaves."""

import socket
import struct
import threading

A, NS, CNAME, SOA, PTR, TXT, AAAA, SRV, OPT = 1, 2, 5, 6, 12, 16, 28, 33, 41


def name_bytes(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def data_of(kind, value):
    if kind == A:
        return socket.inet_pton(socket.AF_INET, value)
    if kind == AAAA:
        return socket.inet_pton(socket.AF_INET6, value)
    if kind in (CNAME, NS, PTR):
        return name_bytes(value)
    if kind == SRV:
        priority, weight, port, host = value
        return struct.pack("!HHH", priority, weight, port) + name_bytes(host)
    if kind == TXT:
        return b"".join(bytes([len(s)]) + s.encode() for s in value)
    if kind == SOA:
        return name_bytes("ns.test") + name_bytes("root.test") + struct.pack("!IIIII", 1, 2, 3, 4, value)
    raise ValueError(kind)


def record(name, kind, ttl, value):
    data = data_of(kind, value)
    return name_bytes(name) + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


class Query:
    def __init__(self, data, tcp, peer):
        self.data, self.tcp, self.peer = data, tcp, peer
        self.id, self.flags, questions, _, _, extra = struct.unpack("!HHHHHH", data[:12])
        assert questions == 1 and self.flags == 0x0100, (questions, hex(self.flags))
        at, labels = 12, []
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode())
            at += 1 + data[at]
        self.asked = ".".join(labels)
        self.name = self.asked.lower()
        self.type, kind = struct.unpack("!HH", data[at + 1:at + 5])
        assert kind == 1
        self.question = data[12:at + 5]
        self.edns = extra == 1 and data[at + 5:at + 8] == b"\0\0\x29"
        self.size = struct.unpack("!H", data[at + 8:at + 10])[0] if self.edns else 512

    def reply(self, answers=(), authority=(), rcode=0, question=None, id=None, flags=0x8180, edns=True):
        question = self.question if question is None else question
        extra = [b"\0" + struct.pack("!HHIH", OPT, 1232, 0, 0)] if self.edns and edns else []
        counts = (1 if question else 0, len(answers), len(authority), len(extra))
        body = question + b"".join(answers) + b"".join(authority) + b"".join(extra)
        message = struct.pack("!HHHHHH", self.id if id is None else id, flags | rcode, *counts) + body
        if not self.tcp and len(message) > self.size:
            counts = (1, 0, 0, 0)
            message = struct.pack("!HHHHHH", self.id, flags | 0x0200, *counts) + self.question
        return message


def both(address, port):
    """Open a listening socket and a datagram socket at one port. For port 0, it is a port that is free for both."""
    for attempt in range(50):
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp.bind((address, port))
            tcp.listen(16)
            udp.bind((address, tcp.getsockname()[1]))
            return tcp, udp
        except OSError:
            tcp.close()
            udp.close()
            if port != 0 or attempt == 49:
                raise


class Server:
    """`answer(query)` returns a message to send, or a list of them."""

    def __init__(self, address, port, answer):
        self.answer, self.queries, self.lock = answer, [], threading.Lock()
        self.tcp, self.udp = both(address, port)
        self.port = self.udp.getsockname()[1]
        for loop in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=loop, daemon=True).start()

    def note(self, query):
        with self.lock:
            self.queries.append(query)

    def messages(self, query):
        self.note(query)
        answer = self.answer(self, query)
        return answer if isinstance(answer, list) else [answer] if answer else []

    def serve_udp(self):
        while True:
            data, peer = self.udp.recvfrom(65536)
            for message in self.messages(Query(data, False, peer)):
                self.udp.sendto(message, peer)

    def serve_tcp(self):
        while True:
            connection, peer = self.tcp.accept()
            with connection:
                connection.settimeout(100)
                try:
                    size = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))[0]
                    data = connection.recv(size, socket.MSG_WAITALL)
                    for message in self.messages(Query(data, True, peer)):
                        whole = struct.pack("!H", len(message)) + message
                        # A stream may deliver the bytes in pieces.
                        for i in range(0, len(whole), 700):
                            connection.sendall(whole[i:i + 700])
                except (OSError, struct.error):
                    pass

    def asked(self, name, tcp=None):
        with self.lock:
            return [q for q in self.queries if q.name == name and tcp in (None, q.tcp)]
