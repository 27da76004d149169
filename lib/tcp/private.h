/*
 * TCP (RFC 9293) over any IP. What the files of this module share:
 *
 *   segment.c      the wire: parse and emit headers and options
 *   state.c        the state machine, a pure table
 *   table.c        connections by their four numbers
 *   secret.c       what outsiders must not guess: hashes, initial sequence numbers, time stamps
 *   ports.c        ephemeral ports                      cookie.c      SYN cookies
 *   listen.c       passive OPEN, the backlog            open.c        active OPEN, simultaneous OPEN
 *   input.c        a segment arrives                    acknowledge.c what its acknowledgement means
 *   receive.c      its payload and our window           ranges.c      reassembly
 *   output.c       what is sent                         flush.c       and when
 *   sent.c         which bytes are in flight            recovery.c    which of them are lost
 *   congestion.c   CUBIC and NewReno                    timers.c      what time brings
 *   pmtu.c         packets too big, other ICMP errors   time_wait.c   connections that are over
 *   flow.c         a connection's life, and stream.c   it as a FLOW
 *   tcp.c          the signature's other operations
 *
 * All input is handled on the scheduler's stack; only the operations of FLOW and TCP run on
 * fibers. What a turn of the loop brings for a connection is answered once, at its end: see
 * flush_later.
 */
#ifndef TCP_PRIVATE_H
#define TCP_PRIVATE_H

#include <string.h>

#include <mirage/functor.h>
#include <mirage/metric.h>

PARAM(IP, ip);
PARAM(ICMP_ON, icmp, ip);
PARAM(RANDOM, random);
MODULE(TCP_ON, tcp, ip);
LOG_SOURCE(tcp);

KEY_STRING(congestion, "cubic", "congestion control: cubic (RFC 9438) or newreno (RFC 5681)");
KEY_INT(initial_window, 10, "segments that a new connection may send at once (RFC 6928)");
KEY_INT(rto_min_ms, 200, "least retransmission timeout, ms");
KEY_INT(rto_max_ms, 120000, "most, ms");
KEY_INT(delayed_ack_ms, 40, "how long an acknowledgement may wait for company, ms");
KEY_BOOL(timestamps, true, "offer time stamps (RFC 7323)");
KEY_BOOL(sack, true, "offer selective acknowledgements (RFC 2018)");
KEY_INT(window_scale, 7, "shift of the windows offered (RFC 7323), 0-14");
KEY_INT(ecn, 2, "explicit congestion notification (RFC 3168): 0 never, 1 offered, 2 when the peer offers it");
KEY_INT(receive_buffer, 262144, "receive window at first, bytes");
KEY_INT(receive_buffer_max, 4194304, "and what it may grow to");
KEY_INT(send_buffer, 65536, "bytes that a write may leave unacknowledged at first");
KEY_INT(send_buffer_max, 4194304, "and what that may grow to with the congestion window");
KEY_INT(memory_max, 268435456, "bytes in all queues beyond which buffers stay at their least");
KEY_INT(connections_max, 262144, "connections, besides those in TIME-WAIT");
KEY_INT(syn_backlog, 512, "half-open connections of a listener before it answers with cookies");
KEY_BOOL(syn_cookies, true, "answer with SYN cookies (RFC 4987) when the backlog is full");
KEY_INT(syn_retries, 6, "retransmissions of a SYN");
KEY_INT(synack_retries, 5, "retransmissions of a SYN-ACK");
KEY_INT(user_timeout_ms, 900000, "how long sent bytes may go unacknowledged before the connection is given up, ms");
KEY_INT(orphan_timeout_ms, 60000, "the same for closed connections, and their longest stay in FIN-WAIT-2, ms");
KEY_INT(orphans_max, 8192, "closed connections that are still delivering");
KEY_INT(time_wait_ms, 60000, "twice the maximum segment lifetime, ms");
KEY_INT(time_wait_max, 32768, "connections in TIME-WAIT; the oldest gives way");
KEY_INT(keepalive_interval_ms, 75000, "between keep-alive probes, ms");
KEY_INT(keepalive_probes, 9, "unanswered probes that end a connection");
KEY_INT(port_first, 32768, "first ephemeral port");
KEY_INT(port_last, 60999, "last ephemeral port");
KEY_INT(disconnect_ms, 2000, "how long the end of the program waits for closed connections to deliver, ms");

enum {
    HEADER_SIZE = 20,
    HEADER_MAX = 60,
    SACK_BLOCKS = 4,
    TIMESTAMP_SIZE = 12,
    MSS_V4 = 536,          /* without an option: RFC 9293, section 3.7.1 */
    MSS_V6 = 1220,
    MSS_LEAST = 88,        /* of a peer's option: less would make headers of everything */
    GSO_MOST = 65535 - 60 - 60,
    RANGES_MAX = 512,      /* pieces of a stream with holes before them */
    DUP_THRESHOLD = 3,
};

/* Flags of the header, with ECN's (RFC 3168). */
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32, ECE = 64, CWR = 128 };

/* The last two bits of the traffic class. */
enum { ECN_ECT0 = 2, ECN_CE = 3 };

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
    uint8_t scale, sack_count;
    uint16_t mss; /* 0: no option */
    uint32_t tsval, tsecr;
    struct sack_block sacks[SACK_BLOCKS];
    uint32_t len; /* payload, without SYN and FIN */
};

/* The two ends that name a connection, as this host sees it. */
struct ends {
    struct ip_addr local, remote;
    uint16_t local_port, remote_port;
};

/* What the table holds: connections, and what is left of them in TIME-WAIT. */
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

/* What moves the state machine; see state.c. */
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
 * Bytes that were sent together and not acknowledged yet, perhaps as many segments. They are
 * listed by sequence number; those of them in flight, neither SACKed nor lost, also by the
 * time of their last transmission, which is how RACK wants them.
 */
struct sent {
    struct sent *next, *prev;
    struct sent *later, *earlier;
    os_time at;
    struct buf *view; /* where the first byte lies in the send queue; NULL: a FIN alone */
    uint32_t offset;
    uint32_t seq, end;
    bool sacked, lost;
    bool resent;      /* a retransmission is in flight */
    bool ever_resent;
    bool fin;         /* its last number is the FIN's */
    bool timed;       /* in the list by time */
};

/* Received bytes behind a hole. */
struct range {
    struct range *next;
    uint32_t seq, end;
    struct buf *data, *last;
    bool fin;
};

enum recovery {
    OPEN,     /* nothing is wrong */
    REDUCED,  /* the window was reduced without loss, for ECN or a tail loss; not twice a window */
    RECOVERY, /* fast recovery */
    LOSS,     /* a retransmission timeout */
};

enum timer {
    TIMER_RETRANSMIT, /* with what it means in retransmit_mode */
    TIMER_DELAYED_ACK,
    TIMER_KEEPALIVE,
    TIMER_LINGER, /* an orphan's end */
    TIMERS
};

enum retransmit_mode { MODE_RTO, MODE_REORDER, MODE_TAIL_PROBE, MODE_PERSIST };

enum ack_need { ACK_NONE, ACK_DELAYED, ACK_NOW };

/* One for each connection: its size is what an idle connection costs. */
struct tcp_flow {
    struct node node;
    struct tcp *tcp;
    uint8_t state;    /* enum state */
    uint8_t recovery; /* enum recovery */
    uint8_t retransmit_mode;
    uint8_t ack_need;
    bool reading : 1, writing : 1; /* a fiber waits in it */
    bool opening : 1;              /* a fiber waits in tcp_open */
    bool owned : 1;                /* by the application; an orphan otherwise */
    bool shut : 1;                 /* the application writes no more */
    bool fin_sent : 1, fin_received : 1;
    bool passive : 1;
    bool nodelay : 1;
    bool timestamps : 1, sack : 1, scaled : 1, ecn : 1;
    bool ece : 1;          /* echo congestion until the peer has reduced */
    bool cwr : 1;          /* tell it that we have */
    bool interactive : 1;  /* the application answers: delay acknowledgements */
    bool reader_woken : 1, ack_deferred : 1;
    bool flush_queued : 1, timer_failed : 1;
    bool reordering_seen : 1;
    bool tail_probe_resent : 1, tail_probe : 1;
    bool dsack_seen : 1, dsack_pending : 1;
    bool undo_armed : 1;
    bool app_limited : 1;
    bool orphan_data : 1; /* bytes came that nobody will read */
    bool challenged : 1;
    bool ended : 1;
    err error; /* why it is closed */

    /* sending, RFC 9293 section 3.3.1 */
    uint32_t snd_una, snd_nxt, snd_wnd, snd_wl1, snd_wl2, iss;
    uint32_t snd_max_wnd; /* the largest window that the peer has offered */
    uint32_t snd_queued;  /* bytes in the send queue */
    uint16_t mss;         /* largest payload of a segment, options of every segment taken off */
    uint16_t peer_mss;    /* what the peer's option said */
    uint8_t snd_scale, rcv_scale;
    struct buf *queue, *queue_last; /* from snd_una on */
    struct buf *unsent;             /* the view with the byte snd_nxt; NULL: none yet */
    uint32_t unsent_offset;
    uint32_t queue_offset; /* of snd_una in the first view */
    uint32_t queue_views;

    /* flight: sent.c */
    struct sent *sent, *sent_last;
    struct sent *earliest, *latest;
    struct sent *resend_from; /* nothing before it is to be retransmitted; NULL: nothing at all */
    uint32_t sacked_bytes, lost_bytes, resent_bytes;
    uint32_t sent_count;

    /* receiving */
    uint32_t rcv_nxt, rcv_adv, irs; /* rcv_adv: the right edge of the window that was offered */
    uint32_t rcv_buffer;            /* the window when nothing is queued */
    uint32_t rcv_queued, rcv_views;
    struct buf *received, *received_last;
    struct range *ranges;
    uint32_t recent[SACK_BLOCKS]; /* a number of each range that grew lately, the latest first */
    uint32_t range_count, range_bytes;
    uint32_t unacked;  /* bytes received since the last acknowledgement was sent */
    uint16_t rcv_mss;  /* largest segment seen */
    uint8_t quick_acks; /* to be sent without delay: the peer is in slow start */
    struct sack_block dsack;
    uint32_t tuned_seq; /* window auto-tuning: the numbers up to here were read a round trip ago */
    os_time tuned_at;

    /* time stamps: RFC 7323 */
    uint32_t ts_offset, ts_recent, last_ack_sent;
    uint32_t ts_recent_age; /* seconds */

    /* round trips, in nanoseconds: RFC 6298 */
    os_time srtt, rttvar, rto, min_rtt, min_rtt_at;
    os_time rto_base;      /* the retransmission timeout counts from here */
    os_time last_progress; /* the last acknowledgement of new bytes, or the first of unacknowledged ones */
    os_time last_received, last_sent, challenge_at;
    uint8_t backoff, probes;

    /* congestion: congestion.c, recovery.c */
    uint32_t cwnd, ssthresh, recover;
    uint32_t prior_cwnd, prior_ssthresh, undo_timestamp;
    uint32_t dup_acks;
    uint32_t prr_delivered, prr_out, recover_flight;
    uint32_t tail_probe_end;
    uint32_t cwnd_acked;
    struct {
        os_time epoch; /* 0: the next growth begins one */
        uint32_t w_max, w_est, k_ms, cwnd_prior, est_acked;
    } cubic;
    struct {
        os_time at, rtt;
        uint32_t end, highest; /* highest: SACKed or acknowledged */
        uint8_t multiple, persist;
        uint32_t dsack_round;
    } rack;

    struct os_waitq readers, writers;
    struct tcp_listener *listener; /* while half-open or not accepted */
    struct tcp_flow *next, **link; /* in its listener's queue, or among the orphans */
    struct tcp_flow *flush_next, **flush_link;
    os_time keepalive;
    os_time deadlines[TIMERS];
    struct os_timer timer; /* at or before the first of the deadlines */
};

struct time_wait {
    struct node node;
    struct time_wait *next, **link;
    os_time expires;
    uint32_t snd_nxt, rcv_nxt, ts_recent, ts_offset, window;
    os_time entered, answered;
    bool timestamps;
};

struct flow_list {
    struct tcp_flow *first, **last;
    uint32_t count;
};

struct tcp_listener {
    struct tcp *tcp;
    struct tcp_listener *next; /* of the same bucket */
    struct ip_addr local;
    uint16_t port;
    uint32_t backlog;
    struct flow_list half_open, ready;
    struct os_waitq acceptors;
};

/* Counters by name; tcp.c registers them. */
#define TCP_METRICS(X)                                                                       \
    X(segments_in, "segments received")                                                      \
    X(segments_out, "segments handed to IP, large ones as one")                              \
    X(resent, "bytes retransmitted")                                                         \
    X(bad_checksum, "segments with a wrong checksum")                                        \
    X(malformed, "segments that do not follow RFC 9293")                                     \
    X(unwanted, "segments for no connection, answered with a reset")                         \
    X(opened, "connections opened actively")                                                 \
    X(accepted, "connections opened passively")                                              \
    X(broken, "connections reset by the peer or given up")                                   \
    X(out_of_window, "segments outside the window")                                          \
    X(paws, "segments with an old time stamp")                                               \
    X(challenges, "challenge acknowledgements (RFC 5961)")                                   \
    X(cookies_sent, "SYN cookies sent")                                                      \
    X(cookies_good, "connections made from a cookie")                                        \
    X(cookies_bad, "acknowledgements that bore no cookie of ours")                           \
    X(backlog_full, "SYNs dropped because a listener's queues were full")                    \
    X(refused_memory, "connections or segments refused for want of memory or by a limit")    \
    X(timeouts, "retransmission timeouts")                                                   \
    X(recoveries, "fast recoveries")                                                         \
    X(undone, "reductions of the window undone as spurious")                                 \
    X(tail_probes, "tail loss probes")                                                       \
    X(reneged, "SACKs that the peer took back")                                              \
    X(black_holes, "path MTUs lowered because large segments vanished")                      \
    X(icmp_ignored, "ICMP errors that concern nothing in flight")                            \
    X(time_wait_recycled, "connections in TIME-WAIT that gave way")                          \
    X(orphans_reset, "closed connections reset by a limit")

enum { LISTENER_BUCKETS = 64, PORT_TABLE = 256 };

struct tcp {
    struct ip *ip;
    struct icmp *icmp;
    struct random *random;
    uint64_t key[2];           /* of SipHash */
    uint32_t table_key[12];    /* of the table's hash */
    struct node **table;
    uint32_t table_mask, table_count;
    uint32_t flow_count;
    struct tcp_listener *listeners[LISTENER_BUCKETS];
    struct tcp_flow *flush_first, **flush_last;
    struct os_timer flush_timer;
    struct flow_list orphans;
    struct time_wait *time_waits, **time_waits_last;
    uint32_t time_wait_count;
    struct os_timer time_wait_timer;
    uint32_t port_offsets[PORT_TABLE];
    struct sent *spare_sent;
    uint32_t spare_sent_count;
    uint64_t memory;      /* bytes in all queues */
    uint32_t offloads;
    struct os_waitq drained; /* tcp_disconnect waits for the orphans */
    os_time now;          /* of the segment or timer that is being handled */
#define TCP_METRIC_FIELD(name, help) struct metric name;
    struct {
        TCP_METRICS(TCP_METRIC_FIELD)
    } metrics;
};

#define COUNT(tcp_, name) ((tcp_)->metrics.name.value++)

/* Sequence numbers compare modulo 2^32 (RFC 9293, section 3.4). */
static inline bool seq_before(uint32_t a, uint32_t b) { return (int32_t)(a - b) < 0; }
static inline bool seq_after(uint32_t a, uint32_t b) { return (int32_t)(a - b) > 0; }
static inline uint32_t seq_max(uint32_t a, uint32_t b) { return seq_after(a, b) ? a : b; }
static inline uint32_t seq_min(uint32_t a, uint32_t b) { return seq_before(a, b) ? a : b; }
static inline uint32_t min_u32(uint32_t a, uint32_t b) { return a < b ? a : b; }
static inline uint32_t max_u32(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* segment.c */
INTERNAL err segment_parse(const uint8_t *header, size_t len, struct segment *out);
INTERNAL size_t segment_header_len(const struct segment *segment);
INTERNAL void segment_emit(uint8_t *header, const struct segment *segment);

/* state.c */
INTERNAL enum state state_next(enum state state, enum action action);
INTERNAL const char *state_name(enum state state);

/* secret.c */
INTERNAL uint32_t ends_hash(const struct tcp *tcp, const struct ends *ends);
INTERNAL uint32_t isn_make(const struct tcp *tcp, const struct ends *ends, os_time now);
INTERNAL uint32_t timestamp_offset(const struct tcp *tcp, const struct ends *ends);

/* cookie.c */
INTERNAL uint32_t cookie_make(const struct tcp *tcp, const struct ends *ends, const struct segment *syn,
                              uint32_t *tsval_bits, os_time now);
INTERNAL bool cookie_check(const struct tcp *tcp, const struct ends *ends, const struct segment *ack,
                           struct segment *syn, os_time now);

/* table.c */
INTERNAL struct node *table_find(const struct tcp *tcp, const struct ends *ends);
INTERNAL err table_insert(struct tcp *tcp, struct node *node);
INTERNAL void table_remove(struct tcp *tcp, struct node *node);
INTERNAL struct tcp_listener *listener_find(const struct tcp *tcp, const struct ip_addr *local, uint16_t port);
INTERNAL bool listener_conflicts(const struct tcp *tcp, const struct ip_addr *local, uint16_t port);

/* ports.c */
INTERNAL err port_choose(struct tcp *tcp, struct ends *ends, struct time_wait **replaced, os_time now);

/* time_wait.c */
INTERNAL void time_wait_enter(struct tcp_flow *flow);
INTERNAL void time_wait_end(struct tcp *tcp, struct time_wait *wait);
INTERNAL bool time_wait_input(struct tcp *tcp, struct time_wait *wait, const struct segment *segment,
                              uint32_t *least_iss);
INTERNAL void time_wait_fire(void *arg);

/* listen.c */
INTERNAL void listen_input(struct tcp_listener *listener, const struct ends *ends,
                           const struct segment *segment, const struct ip_head *head, uint32_t least_iss,
                           struct buf *payload);
INTERNAL bool listen_established(struct tcp_flow *flow);
INTERNAL void list_init(struct flow_list *list);
INTERNAL void list_add(struct flow_list *list, struct tcp_flow *flow);
INTERNAL void list_remove(struct flow_list *list, struct tcp_flow *flow);

/* open.c */
INTERNAL void syn_sent_input(struct tcp_flow *flow, const struct segment *segment, const struct ip_head *head,
                             struct buf *payload);
INTERNAL void flow_negotiate(struct tcp_flow *flow, const struct segment *syn);
INTERNAL void flow_established(struct tcp_flow *flow);

/* input.c */
INTERNAL void flow_input(struct tcp_flow *flow, struct segment *segment, const struct ip_head *head,
                         struct buf *payload);

INTERNAL void challenge_ack(struct tcp_flow *flow);

/* acknowledge.c */
INTERNAL bool acknowledge(struct tcp_flow *flow, const struct segment *segment);
INTERNAL void ack_new(struct tcp_flow *flow, const struct segment *segment);

/* receive.c */
INTERNAL void receive_data(struct tcp_flow *flow, const struct segment *segment, struct buf *payload);
INTERNAL uint32_t receive_window(const struct tcp_flow *flow);
INTERNAL void receive_taken(struct tcp_flow *flow, uint32_t bytes);
INTERNAL void receive_drop(struct tcp_flow *flow);
INTERNAL void receive_append(struct tcp_flow *flow, struct buf *data, uint32_t len);

/* ranges.c */
INTERNAL struct buf *chain_last(struct buf *b, uint32_t *views);
INTERNAL struct buf *cut_front(struct buf *data, uint32_t n);
INTERNAL void ranges_hold(struct tcp_flow *flow, uint32_t seq, uint32_t end, bool fin, struct buf *data);
INTERNAL bool ranges_take(struct tcp_flow *flow);
INTERNAL void ranges_drop(struct tcp_flow *flow);
INTERNAL size_t receive_sacks(const struct tcp_flow *flow, struct sack_block *out, size_t room);

/* output.c */
INTERNAL void output(struct tcp_flow *flow);
INTERNAL void send_control(struct tcp_flow *flow, uint32_t seq, uint8_t flags);
INTERNAL void send_ack(struct tcp_flow *flow);
INTERNAL void send_reset(struct tcp_flow *flow);
INTERNAL void send_reset_for(struct tcp *tcp, const struct ends *ends, const struct segment *segment);
INTERNAL void send_stateless(struct tcp *tcp, const struct ends *ends, struct segment *segment);
INTERNAL bool resend(struct tcp_flow *flow, struct sent *sent, uint32_t most);
INTERNAL bool send_tail_probe(struct tcp_flow *flow);

/* flush.c */
INTERNAL void flush_later(struct tcp_flow *flow);
INTERNAL void flush_fire(void *arg);

/* sent.c */
INTERNAL struct sent *sent_add(struct tcp_flow *flow, uint32_t seq, uint32_t end, bool fin);
INTERNAL bool sent_split(struct tcp_flow *flow, struct sent *sent, uint32_t at);
INTERNAL void sent_remove(struct tcp_flow *flow, struct sent *sent);
INTERNAL void sent_mark_lost(struct tcp_flow *flow, struct sent *sent);
INTERNAL void sent_mark_found(struct tcp_flow *flow, struct sent *sent);
INTERNAL void sent_mark_sacked(struct tcp_flow *flow, struct sent *sent);
INTERNAL void sent_mark_resent(struct tcp_flow *flow, struct sent *sent);
INTERNAL void sent_forget_sacks(struct tcp_flow *flow);
INTERNAL struct sent *sent_to_resend(struct tcp_flow *flow);
INTERNAL struct sent *sent_merge(struct tcp_flow *flow, struct sent *sent);
INTERNAL void sent_clear(struct tcp_flow *flow);
INTERNAL uint32_t sent_flight(const struct tcp_flow *flow);

/* congestion.c */
INTERNAL void congestion_init(struct tcp_flow *flow);
INTERNAL uint32_t congestion_reduced(struct tcp_flow *flow);
INTERNAL void congestion_acked(struct tcp_flow *flow, uint32_t bytes);
INTERNAL void congestion_idle(struct tcp_flow *flow);
INTERNAL uint32_t cube_root(uint64_t x);

/* recovery.c */
INTERNAL void rack_delivered(struct tcp_flow *flow, const struct sent *sent);
INTERNAL bool rack_detect(struct tcp_flow *flow);
INTERNAL void rack_new_round(struct tcp_flow *flow);
INTERNAL void recovery_enter(struct tcp_flow *flow);
INTERNAL void recovery_reduce(struct tcp_flow *flow);
INTERNAL void recovery_after_ack(struct tcp_flow *flow, const struct segment *segment, uint32_t delivered,
                                 uint32_t acked);
INTERNAL void recovery_timeout(struct tcp_flow *flow);
INTERNAL void tail_probe_after_ack(struct tcp_flow *flow, const struct segment *segment);

/* timers.c */
INTERNAL void timer_at(struct tcp_flow *flow, enum timer timer, os_time when);
INTERNAL void timer_off(struct tcp_flow *flow, enum timer timer);
INTERNAL void timer_fire(void *arg);
INTERNAL void retransmit_rearm(struct tcp_flow *flow);
INTERNAL void rtt_sample(struct tcp_flow *flow, os_time rtt);
INTERNAL os_time rto_of(os_time srtt, os_time rttvar);

/* pmtu.c */
INTERNAL uint32_t mss_of_path(struct tcp_flow *flow);
INTERNAL void mss_set(struct tcp_flow *flow, uint32_t payload);
INTERNAL bool mss_refresh(struct tcp_flow *flow);
INTERNAL void black_hole_suspected(struct tcp_flow *flow);

/* flow.c */
INTERNAL struct tcp_flow *flow_new(struct tcp *tcp, const struct ends *ends);
INTERNAL void flow_step(struct tcp_flow *flow, enum action action);
INTERNAL void flow_end(struct tcp_flow *flow, err error);
INTERNAL void flow_free(struct tcp_flow *flow);
INTERNAL void flow_orphan(struct tcp_flow *flow);

static inline bool flow_is_v4(const struct tcp_flow *flow)
{
    return ip_is_v4(&flow->node.ends.remote);
}

/* Whether bytes may still come or go: neither a handshake nor the end. */
static inline bool flow_synchronized(const struct tcp_flow *flow)
{
    return flow->state >= STATE_ESTABLISHED && flow->state < STATE_TIME_WAIT;
}

static inline uint32_t timestamp_now(const struct tcp *tcp)
{
    return (uint32_t)(tcp->now / MILLISECONDS(1));
}

static inline uint32_t flow_unsent(const struct tcp_flow *flow)
{
    uint32_t in_flight = flow->snd_nxt - flow->snd_una;
    return flow->snd_queued - (in_flight > 0 && flow->fin_sent ? in_flight - 1 : in_flight);
}

#endif
