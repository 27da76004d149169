/*
 * TCP (RFC 9293) over any IP.
 *
 * What the files of this module share:
 *
 *   segment.c      the wire: parse and emit headers and options
 *   state.c        the state machine, a pure table
 *   table.c        connections by four-tuple
 *   secret.c       values that outsiders must not guess: hashes, initial sequence numbers, time stamps
 *   ports.c        ephemeral ports                      cookie.c      SYN cookies
 *   listen.c       passive OPEN, the backlog            open.c        active OPEN, simultaneous OPEN
 *   fast_open.c    Fast Open, passive, and fast_open_cache.c, active
 *   input.c        a segment arrives                    acknowledge.c what its acknowledgement means
 *   receive.c      its payload and our window           ranges.c      reassembly
 *   output.c       what is sent                         flush.c       and when
 *   sent.c         which bytes are in flight            recovery.c    which of them are lost
 *   undo.c         losses that were none                timers.c      what time brings
 *   congestion.c   CUBIC and NewReno                    persist.c     a window that is closed or pulled back
 *   pmtu.c         packets too big, other ICMP errors   time_wait.c   connections that are over
 *   hystart.c      the end of the first slow start      mtu_search.c  larger segments for wider paths
 *   flow.c         a connection's life, and stream.c   it as a FLOW
 *   tcp.c          the signature's other operations
 *   types.h        the state of all this                 functions.h   what the files offer each other
 *
 * All input is handled on the scheduler's stack; only the operations of FLOW and TCP run on
 * fibers. A connection answers all input of a turn of the loop once, at its end: see flush_later.
 */
#ifndef TCP_PRIVATE_H
#define TCP_PRIVATE_H

#include <string.h>

#include <mirage/functor.h>

PARAM(IP, ip);
PARAM(ICMP_ON, icmp, ip);
PARAM(RANDOM, random);
MODULE(TCP_ON, tcp, ip);
CATALOG(direct_tcp, ip, icmp);
LOG_SOURCE(tcp);

KEY_ENUM(congestion, "cubic", "congestion control (RFC 9438, RFC 5681)", "cubic", "newreno");
KEY_INT(initial_window, 10, 1, 65535, "segments that a new connection may send at once (RFC 6928)");
KEY_INT(rto_min_ms, 200, 1, 60000, "least retransmission timeout, ms");
KEY_INT(rto_max_ms, 120000, 1000, 86400000, "most, ms");
KEY_INT(delayed_ack_ms, 40, 0, 500, "how long an acknowledgement may wait for company, ms");
KEY_BOOL(timestamps, true, "offer time stamps (RFC 7323)");
KEY_BOOL(sack, true, "offer selective acknowledgements (RFC 2018)");
KEY_INT(window_scale, 7, -1, 14,
        "shift of the windows offered (RFC 7323, section 2.3); -1: windows are not scaled");
KEY_INT(mss_max, 65535, 88, 65535,
        "largest segment to offer and to send, bytes with TCP's options; the path may take less");
KEY_INT(mtu_raise_ms, 600000, 0, INT32_MAX,
        "how long a path that takes smaller packets than the interface is not probed for larger ones (RFC "
        "8899), ms; "
        "0: it never is");
KEY_INT(ecn, 2, 0, 2,
        "explicit congestion notification (RFC 3168): 0 never, 1 offered, 2 when the peer offers it");
KEY_INT(receive_buffer, 262144, 1024, 1 << 30, "receive window at first, bytes");
KEY_INT(receive_buffer_max, 4194304, 1024, 1 << 30, "and what it may grow to");
KEY_INT(send_buffer, 65536, 1024, 1 << 30, "bytes that a write may leave unacknowledged at first");
KEY_INT(send_buffer_max, 4194304, 1024, 1 << 30, "and what that may grow to with the congestion window");
KEY_INT(memory_max, 268435456, 0, INT64_MAX,
        "memory that all queues may hold, bytes; beyond it buffers stay at their least");
KEY_INT(
    sparse_max, 131072, 0, 1 << 30,
    "memory that what a connection has received may hold beyond four times its bytes, before it is copied "
    "together; less when all queues are nearly full");
KEY_INT(connections_max, 262144, 0, 1 << 30, "connections, besides those in TIME-WAIT");
KEY_INT(syn_backlog, 512, 0, 1 << 30, "half-open connections of a listener before it answers with cookies");
KEY_BOOL(syn_cookies, true, "answer with SYN cookies (RFC 4987) when the backlog is full");
KEY_INT(fast_open, 0, 0, 1 << 30,
        "Fast Open (RFC 7413): connections with bytes in their SYN and an unfinished handshake; 0: none. "
        "Such bytes may come twice");
KEY_INT(syn_retries, 6, 0, 127, "retransmissions of a SYN");
KEY_INT(synack_retries, 5, 0, 127, "retransmissions of a SYN-ACK");
KEY_INT(user_timeout_ms, 900000, 1, UINT32_MAX,
        "how long sent bytes may go unacknowledged before the connection is given up, ms");
KEY_INT(orphan_timeout_ms, 120000, 0, UINT32_MAX,
        "the same for closed connections, ms; RFC 9293, section 3.8.3, asks for 100 s");
KEY_INT(fin_wait_2_ms, 60000, 0, UINT32_MAX,
        "how long a closed connection waits in FIN-WAIT-2 for the peer's FIN, ms");
KEY_INT(orphans_max, 8192, 0, 1 << 30, "closed connections that are still delivering");
KEY_INT(time_wait_ms, 60000, 0, UINT32_MAX, "twice the maximum segment lifetime, ms");
KEY_INT(time_wait_max, 32768, 0, 1 << 30, "connections in TIME-WAIT; the oldest gives way");
KEY_INT(keepalive_interval_ms, 75000, 1, UINT32_MAX, "between keep-alive probes, ms");
KEY_INT(keepalive_probes, 9, 1, 255, "unanswered probes that end a connection");
KEY_INT(port_first, 32768, 1, 65535, "first ephemeral port");
KEY_INT(port_last, 60999, 1, 65535, "last ephemeral port");
KEY_RULE(KEY_CONSTANT(port_first) <= KEY_CONSTANT(port_last), "port_first is not above port_last");
KEY_INT(disconnect_ms, 2000, 0, 86400000,
        "how long the end of the program waits for closed connections to deliver, ms");

#include "functions.h"

#endif
