/* The TCP header (RFC 9293, section 3.1): offsets and flags. */
#ifndef BASE_WIRE_TCP_H
#define BASE_WIRE_TCP_H

enum {
    TCP_SEQUENCE = 4,
    TCP_ACKNOWLEDGED = 8,
    TCP_OFFSET = 12,
    TCP_FLAGS = 13,
    TCP_CHECKSUM = 16,
    TCP_HEADER = 20,
};

enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08, TCP_ACK = 0x10, TCP_CWR = 0x80 };

#endif
