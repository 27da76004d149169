/* The state of a segment, a connection, a listener, and the module itself. See private.h. */
#ifndef TCP_TYPES_H
#define TCP_TYPES_H

#include <mirage/functor.h>
#include <mirage/metric.h>

enum {
    HEADER_SIZE = 20,
    HEADER_MAX = 60,
    SACK_BLOCKS = 4,
    TIMESTAMP_SIZE = 12,
    MSS_V4 = 536, /* the MSS of a peer that sends no option: RFC 9293, section 3.7.1 */
    MSS_V6 = 1220,
    BASE_V4 =
        1024, /* a segment that nearly every path takes, as MSS_V6 is with IPv6 (RFC 4821, section 7.2) */
    MSS_LEAST = 88, /* the least MSS that we accept: with less, segments would be mostly headers */
    GSO_MOST = 65535 - 60 - 60,
    QUEUE_MOST = 1 << 30,
    QUEUE_COST = 4096, /* the memory that a view of the send queue is taken to hold at least */
    RANGES_MAX = 512,  /* ranges of one connection that wait behind a hole */
    DUP_THRESHOLD = 3,
};

/* Flags of the header, with ECN's (RFC 3168). */
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32, ECE = 64, CWR = 128 };

/* The last two bits of the traffic class. */
enum { ECN_ECT0 = 2, ECN_CE = 3 };

/* What the IP header of a packet says beside its ends. Zeros are the defaults. */
struct marks {
    uint8_t traffic_class, hop_limit;
    bool probe; /* it may exceed the path's MTU */
};

/* Fast Open's option of a SYN or SYN-ACK (RFC 7413, section 4.1.1). */
enum { FAST_OPEN_KIND = 34, FAST_OPEN_COOKIE_LEAST = 4, FAST_OPEN_COOKIE_MOST = 16, FAST_OPEN_PEERS = 64 };

struct fast_open {
    uint8_t kind; /* 0: none */
    uint8_t len;  /* 0: it asks for a cookie */
    uint8_t cookie[FAST_OPEN_COOKIE_MOST];
};

struct sack_block {
    uint32_t left, right;
};

/* A segment's header, in host order. */
struct segment {
    uint32_t seq, ack;
    uint16_t source_port, destination_port;
    uint16_t window;
    uint8_t flags;
    uint8_t header_len;
    bool has_timestamp, sack_permitted, has_scale;
    bool bad_cookie; /* its Fast Open option has an impossible length */
    uint8_t scale, sack_count;
    uint16_t mss; /* 0: no option */
    uint32_t tsval, tsecr;
    struct sack_block sacks[SACK_BLOCKS];
    struct fast_open fast_open;
    uint32_t len; /* payload, without SYN and FIN */
};

/* A peer with which Fast Open was used or tried. */
struct fast_open_peer {
    struct ip_addr address;
    struct fast_open cookie; /* its length is 0 when the peer gave none */
    uint16_t mss;            /* of its last option; 0: none was seen */
    uint8_t failures;        /* SYNs with the option to `port` that failed, in a row */
    uint16_t port;           /* the last one with which Fast Open failed */
    os_time not_before;      /* when to try it again there */
};

/* The four-tuple that identifies a connection, as this host sees it. */
struct ends {
    struct ip_addr local, remote;
    uint16_t local_port, remote_port;
};

/* An entry of the table: a connection, or what remains of one in TIME-WAIT. */
struct node {
    struct node *next;
    struct ends ends;
    bool is_time_wait;
};

enum state {
    STATE_CLOSED,
    STATE_LISTEN,
    STATE_SYN_SENT,
    STATE_SYN_RECEIVED,
    STATE_ESTABLISHED,
    STATE_FIN_WAIT_1,
    STATE_FIN_WAIT_2,
    STATE_CLOSE_WAIT,
    STATE_CLOSING,
    STATE_LAST_ACK,
    STATE_TIME_WAIT,
    STATES
};

/* The actions of the state machine; see state.c. */
enum action {
    SEND_SYN,        /* active OPEN */
    SEND_SYN_ACK,    /* a SYN came to a listener, or crossed ours */
    RECEIVE_SYN_ACK, /* of our SYN */
    RECEIVE_SYN,     /* simultaneous OPEN */
    RECEIVE_ACK_OF_SYN,
    SEND_FIN,
    RECEIVE_ACK_OF_FIN,
    RECEIVE_FIN,
    ABANDON, /* reset by either side, or given up */
    ACTIONS
};

/*
 * A record of the retransmission queue: bytes that were sent together, perhaps as many segments, and are not
 * acknowledged yet. Records are listed by sequence number. Those in flight, neither SACKed nor lost, are also
 * listed by the time of their last transmission, which RACK needs.
 */
struct sent {
    struct sent *next, *prev;
    struct sent *later, *earlier;
    os_time at;
    struct buf *view; /* the view of the send queue with its first byte; NULL: a FIN alone */
    uint32_t offset;
    uint32_t seq, end;
    bool sacked, lost;
    bool resent; /* a retransmission is in flight */
    bool ever_resent;
    bool fin;    /* its last sequence number is the FIN's */
    bool timed;  /* in the list by time */
    bool pushed; /* when first sent, its end was the end of what was written: PSH */
    bool probe;  /* a segment larger than others that asks what the path carries; mtu_search.c */
};

/* Received bytes behind a hole. */
struct range {
    struct range *next;
    uint32_t seq, end;
    struct buf *data, *last;
    size_t pinned; /* memory that it and its data take */
    bool fin;
};

enum recovery {
    OPEN,     /* no loss and no congestion */
    REDUCED,  /* the window was reduced for ECN or a tail loss, which happens at most once a window */
    RECOVERY, /* fast recovery */
    LOSS,     /* a retransmission timeout */
};

/* F-RTO (RFC 5682, section 2.1): what the next acknowledgement after a timeout decides. */
enum frto { FRTO_OFF, FRTO_FIRST, FRTO_SECOND };

enum timer {
    TIMER_RETRANSMIT, /* retransmit_mode says what it does */
    TIMER_DELAYED_ACK,
    TIMER_KEEPALIVE,
    TIMER_LINGER, /* the end of an orphan's time */
    TIMERS
};

enum retransmit_mode { MODE_RTO, MODE_REORDER, MODE_TAIL_PROBE, MODE_PERSIST };

/* The search for larger segments: the states of RFC 8899, section 5.2. */
enum search {
    SEARCH_NONE,      /* segments are as large as the interface and the peer allow, or nothing is searched */
    SEARCH_BASE,      /* segments have the base size, which nothing has confirmed yet */
    SEARCH_ERROR,     /* they are smaller than that, since even those did not arrive */
    SEARCH_UNDER_WAY, /* larger ones are tried */
    SEARCH_COMPLETE,  /* and not until raise_at */
};

enum ack_need { ACK_NONE, ACK_DELAYED, ACK_NOW };

/* A connection. Its size is what an idle connection costs. */
struct tcp_flow {
    struct node node;
    struct tcp *tcp;
    uint8_t state;    /* enum state */
    uint8_t recovery; /* enum recovery */
    uint8_t retransmit_mode;
    uint8_t ack_need;
    bool reading : 1, writing : 1; /* a fiber waits in it */
    bool opening : 1;              /* a fiber waits in tcp_open */
    bool owned : 1;                /* the application holds it; otherwise it is an orphan */
    bool shut : 1;                 /* the application writes no more */
    bool fin_sent : 1, fin_received : 1;
    bool passive : 1;
    bool nodelay : 1;
    bool timestamps : 1, sack : 1, scaled : 1, ecn : 1;
    bool ece : 1;         /* echo congestion until the peer has reduced its window */
    bool cwr : 1;         /* tell the peer that we have reduced ours */
    bool interactive : 1; /* the application answers quickly: delay acknowledgements */
    bool reader_woken : 1, ack_deferred : 1;
    bool flush_queued : 1, timer_failed : 1;
    bool reordering_seen : 1;
    bool tail_probe_resent : 1, tail_probe : 1;
    bool dsack_seen : 1, dsack_pending : 1;
    bool undo_armed : 1;       /* by a time stamp */
    bool undo_dsack : 1;       /* by the report that each retransmission was needless */
    bool original_arrived : 1; /* this segment newly reports a record that was sent once, before `recover` */
    bool arrived_early : 1;    /* and a record sooner after its retransmission than any round trip was */
    uint8_t frto : 2;          /* enum frto */
    bool app_limited : 1;      /* this flight has not filled the congestion window */
    bool cwnd_full : 1;        /* the congestion window stopped the present run of output */
    bool orphan_data : 1;      /* bytes came that nobody will read */
    bool challenged : 1;
    bool ended : 1;
    bool compact : 1; /* nothing was received since it was copied together */
    err error;        /* why it is closed */

    /* sending, RFC 9293 section 3.3.1 */
    uint32_t snd_una, snd_nxt, snd_wnd, snd_wl1, snd_wl2, iss;
    uint32_t snd_max_wnd; /* the largest window that the peer has offered */
    uint32_t snd_queued;  /* bytes in the send queue */
    uint32_t small_end;   /* the end of the last segment that was not full */
    uint16_t mss;         /* largest payload of a segment, without the options that every segment has */
    uint16_t peer_mss;    /* what the peer's option said */
    uint8_t snd_scale, rcv_scale;
    struct marks marks;             /* of each of its packets; ECN's bits are added */
    struct buf *queue, *queue_last; /* from snd_una on */
    struct buf *unsent;             /* the view with the byte snd_nxt; NULL: none yet */
    uint32_t unsent_offset;
    uint32_t queue_offset; /* of snd_una in the first view */
    uint32_t queue_views;
    struct {
        uint32_t raise_at;          /* when the search begins again, ms */
        uint16_t size;              /* of the probe in flight; 0: there is none */
        uint16_t ceiling;           /* larger sizes are not tried in this search */
        uint8_t state;              /* enum search */
        uint8_t lost, inconclusive; /* probes, since one arrived */
    } search;

    /* flight: sent.c */
    struct sent *sent, *sent_last;
    struct sent *earliest, *latest;
    struct sent *resend_from; /* where to look for the next record to retransmit; NULL: there is none */
    uint32_t sacked_bytes, lost_bytes, resent_bytes;
    uint32_t sent_count;

    /* receiving */
    uint32_t rcv_nxt, rcv_adv, irs;    /* rcv_adv: the right edge of the window that was offered */
    uint32_t rcv_buffer;               /* the window when nothing is queued */
    uint32_t rcv_queued;               /* bytes that the reader has not taken */
    uint64_t rcv_pinned, range_pinned; /* memory that these and the ranges take */
    struct buf *received, *received_last;
    struct range *ranges;
    uint32_t recent[SACK_BLOCKS]; /* a sequence number of each recently changed range, the latest first */
    uint32_t range_count, range_bytes;
    uint32_t unacked;   /* bytes received since the last acknowledgement was sent */
    uint32_t bytes_at;  /* when bytes came last in order, ms */
    uint16_t rcv_mss;   /* largest segment seen */
    uint8_t quick_acks; /* acknowledgements still to be sent without delay, as the peer is in slow start */
    struct sack_block dsack;
    uint32_t tuned_seq; /* auto-tuning of the window: the numbers before it were read a round trip ago */
    os_time tuned_at;   /* when that was; before that, when our SYN or SYN-ACK was first sent */

    /* time stamps: RFC 7323 */
    uint32_t ts_offset, ts_recent, last_ack_sent;
    uint32_t ts_recent_age; /* seconds */

    /* round trips, in nanoseconds: RFC 6298 */
    os_time srtt, rttvar, rto, min_rtt, min_rtt_at;
    os_time rto_base;      /* the retransmission timeout counts from here; see unanswered() in persist.c */
    os_time last_progress; /* the last acknowledgement of new bytes, or the first of unacknowledged ones */
    os_time last_received, last_sent, challenge_at;
    uint8_t backoff, probes;
    bool pending : 1;   /* opened by Fast Open: bytes are exchanged, but the handshake is not done */
    bool asked : 1;     /* our SYN carried Fast Open's option */
    bool syn_again : 1; /* the peer did not take all bytes of our SYN, and has sent none yet */
    bool syn_data : 1;  /* the bytes of the SYN were accepted, by us or by the peer */

    /* congestion: congestion.c, recovery.c */
    uint32_t cwnd, ssthresh, recover;
    uint32_t prior_cwnd, prior_ssthresh, undo_timestamp;
    struct sack_block undo_resent; /* the least and the greatest number retransmitted since */
    uint32_t undo_bytes;           /* how many of these retransmissions were not reported needless */
    uint32_t undo_end;             /* when this is acknowledged, no more such report is awaited */
    uint32_t dup_acks;
    uint32_t prr_delivered, prr_out, recover_flight;
    uint32_t tail_probe_end;
    uint32_t reordering; /* the largest reordering seen, in bytes */
    uint32_t cwnd_acked;
    uint32_t usage, usage_end; /* most bytes in flight until usage_end is acknowledged */
    struct {
        os_time epoch; /* 0: the next growth begins one */
        uint32_t w_max, w_est, k_ms, cwnd_prior, est_acked;
    } cubic;
    struct {
        uint32_t end; /* when this is acknowledged, the round is over */
        uint32_t least,
            least_before;  /* round trips of this round and the last, microseconds; UINT32_MAX: none */
        uint32_t baseline; /* the one that made growth slow */
        uint8_t samples, rounds;
        bool slow;
    } hystart;
    struct {
        os_time at, rtt;
        uint32_t end, highest; /* highest: SACKed or acknowledged */
        uint8_t multiple, persist;
        uint32_t dsack_round;
    } rack;

    struct os_waitq readers, writers;
    struct tcp_listener *listener;       /* while half-open or not accepted */
    OS_LIST_NODE(struct tcp_flow) place; /* in the list of its listener or of the orphans */
    struct tcp_flow *flush_next, **flush_link;
    os_time keepalive;
    uint32_t user_timeout, keepalive_interval; /* ms; these and the next two begin with the keys' values */
    uint8_t keepalive_limit, handshake_limit;  /* probes, and SYNs after the first */
    os_time deadlines[TIMERS];
    struct os_timer timer; /* set to the first of the deadlines, or earlier */
};

struct time_wait {
    struct node node;
    OS_LIST_NODE(struct time_wait) queue; /* in the order of their end */
    os_time expires;
    uint32_t snd_nxt, rcv_nxt, ts_recent, ts_offset, window;
    os_time entered, answered;
    bool timestamps;
    struct marks marks; /* of its answers, as the connection had them */
};

struct flow_list {
    OS_LIST(struct tcp_flow) flows;
    uint32_t count;
};

struct tcp_listener {
    struct tcp *tcp;
    struct tcp_listener *next; /* in the same bucket */
    struct ip_addr local;
    uint16_t port;
    uint32_t backlog;
    struct flow_list half_open, ready;
    struct os_waitq acceptors;
};

enum { LISTENER_BUCKETS = 64, PORT_TABLE = 256 };

struct tcp {
    struct ip *ip;
    struct icmp *icmp;
    struct random *random;
    uint64_t key[2];               /* of SipHash */
    uint32_t table_key[12];        /* of the table's hash */
    uint64_t fast_open_keys[2][2]; /* the keys of Fast Open's cookies: the present one and the one before */
    os_time fast_open_key_until;
    uint32_t fast_open_pending, fast_open_resets;
    os_time fast_open_reset_at;
    struct fast_open_peer
        *fast_open_peers; /* FAST_OPEN_PEERS, the most recently used first; NULL: none yet */
    struct node **table;
    uint32_t table_mask, table_count;
    uint32_t flow_count;
    struct tcp_listener *listeners[LISTENER_BUCKETS];
    struct tcp_flow *flush_first, **flush_last;
    struct os_timer flush_timer;
    struct flow_list orphans;
    OS_LIST(struct time_wait) time_waits; /* the first to expire first */
    uint32_t time_wait_count;
    struct os_timer time_wait_timer;
    uint32_t port_offsets[PORT_TABLE];
    struct sent *spare_sent;
    uint32_t spare_sent_count;
    uint64_t memory; /* that all queues take */
    uint32_t offloads;
    struct os_waitq drained; /* tcp_disconnect waits for the orphans */
    os_time now;             /* the time of the segment or timer that is being handled */
    struct {
        struct metric segments_in, segments_out, resent, bad_checksum, malformed, unwanted, opened, accepted,
            broken, out_of_window, paws, challenges, cookies_sent, cookies_good, cookies_bad, fast_open_given,
            fast_open_good, fast_open_bad, fast_open_sent, fast_open_taken, fast_open_limited, backlog_full,
            refused_memory, collapsed, timeouts, recoveries, undone, tail_probes, reneged, black_holes,
            mtu_probes, mtu_probes_lost, mtu_found, icmp_ignored, time_wait_recycled, orphans_reset;
    } metrics;
};

#define COUNT(tcp_, name) ((tcp_)->metrics.name.value++)

/* Sequence numbers compare modulo 2^32 (RFC 9293, section 3.4). */
static inline bool seq_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}
static inline bool seq_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}
static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
    return seq_after(a, b) ? a : b;
}
static inline uint32_t seq_min(uint32_t a, uint32_t b)
{
    return seq_before(a, b) ? a : b;
}
static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}
static inline uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static inline bool flow_is_v4(const struct tcp_flow *flow)
{
    return ip_is_v4(&flow->node.ends.remote);
}

/* Whether the connection is synchronized and not over: bytes may still come or go. */
static inline bool flow_synchronized(const struct tcp_flow *flow)
{
    return flow->state >= STATE_ESTABLISHED && flow->state < STATE_TIME_WAIT;
}

/* Whether no application holds the connection, nor will one that accepts it. */
static inline bool flow_abandoned(const struct tcp_flow *flow)
{
    return !flow->owned && flow->listener == NULL;
}

/* Whether bytes may be sent: after the handshake, or before its end with Fast Open. */
static inline bool flow_may_send(const struct tcp_flow *flow)
{
    return flow_synchronized(flow) || flow->pending;
}

static inline uint32_t timestamp_now(const struct tcp *tcp)
{
    return (uint32_t)(tcp->now / MILLISECONDS(1));
}

/*
 * The memory that a view of the send queue is charged. An application may write slices of a large buffer of
 * its own, so this is not what they pin, but no less than a page, which is what small writes hold.
 */
static inline uint32_t queue_cost(uint32_t len)
{
    return max_u32(len, QUEUE_COST);
}

/* The right edge of the peer's window. Less than snd_nxt when the peer has pulled it back. */
static inline uint32_t flow_edge(const struct tcp_flow *flow)
{
    return flow->snd_una + flow->snd_wnd;
}

static inline uint32_t flow_unsent(const struct tcp_flow *flow)
{
    uint32_t in_flight = flow->snd_nxt - flow->snd_una;
    return flow->snd_queued - (in_flight > 0 && flow->fin_sent ? in_flight - 1 : in_flight);
}

#endif
