/*
 * The functions that this module's files share, file by file. Each is described where it is defined. See
 * private.h.
 */
#ifndef TCP_FUNCTIONS_H
#define TCP_FUNCTIONS_H

#include "types.h"

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
INTERNAL struct tcp_listener *listener_find(const struct tcp *tcp, const struct ip_addr *local,
                                            uint16_t port);
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
INTERNAL void flow_list_add(struct flow_list *list, struct tcp_flow *flow);
INTERNAL void flow_list_remove(struct flow_list *list, struct tcp_flow *flow);

/* fast_open.c */
INTERNAL bool same_cookie(const struct fast_open *a, const struct fast_open *b);
INTERNAL void fast_open_start(struct tcp *tcp);
INTERNAL bool fast_open_allowed(struct tcp *tcp, const struct ends *ends, const struct segment *syn,
                                struct fast_open *answer);
INTERNAL void fast_open_accept(struct tcp_flow *flow, struct buf *payload);
INTERNAL void fast_open_finish(struct tcp_flow *flow);
INTERNAL void fast_open_reset(struct tcp *tcp);

/* fast_open_cache.c */
INTERNAL bool fast_open_known(struct tcp *tcp, const struct ip_addr *peer, uint16_t port,
                              struct fast_open *option, uint32_t *room);
INTERNAL void fast_open_learn(struct tcp_flow *flow, const struct segment *syn_ack);
INTERNAL void fast_open_failed(struct tcp_flow *flow);
INTERNAL void fast_open_refused(struct tcp_flow *flow);

/* open.c */
INTERNAL void syn_sent_input(struct tcp_flow *flow, const struct segment *segment, struct buf *payload);
INTERNAL void flow_negotiate(struct tcp_flow *flow, const struct segment *syn);
INTERNAL void syn_acked(struct tcp_flow *flow, uint32_t ack);
INTERNAL void flow_ready(struct tcp_flow *flow);
INTERNAL void flow_established(struct tcp_flow *flow);

/* input.c */
INTERNAL void flow_input(struct tcp_flow *flow, struct segment *segment, const struct ip_head *head,
                         struct buf *payload);

INTERNAL void challenge_ack(struct tcp_flow *flow);

/* acknowledge.c */
INTERNAL bool acknowledge(struct tcp_flow *flow, const struct segment *segment);
INTERNAL void ack_new(struct tcp_flow *flow, const struct segment *segment);
INTERNAL void queue_acked(struct tcp_flow *flow, uint32_t bytes);

/* receive.c */
INTERNAL bool memory_short(const struct tcp *tcp);
INTERNAL void receive_data(struct tcp_flow *flow, const struct segment *segment, struct buf *payload);
INTERNAL void receive_next(struct tcp_flow *flow, uint32_t len, bool fin, struct buf *payload);
INTERNAL uint32_t receive_window(const struct tcp_flow *flow);
INTERNAL void receive_held(struct tcp_flow *flow);
INTERNAL void receive_made_room(struct tcp_flow *flow);
INTERNAL struct buf *receive_take(struct tcp_flow *flow);
INTERNAL void receive_drop(struct tcp_flow *flow);
INTERNAL void receive_append(struct tcp_flow *flow, struct buf *data, uint32_t len);

/* ranges.c */
INTERNAL struct buf *chain_last(struct buf *b);
INTERNAL struct buf *cut_front(struct buf *data, uint32_t n);
INTERNAL void ranges_hold(struct tcp_flow *flow, uint32_t seq, uint32_t end, bool fin, struct buf *data);
INTERNAL bool ranges_take(struct tcp_flow *flow);
INTERNAL void ranges_drop(struct tcp_flow *flow);
INTERNAL void note_duplicate(struct tcp_flow *flow, uint32_t seq, uint32_t end);
INTERNAL void dsack_note(struct tcp_flow *flow, uint32_t left, uint32_t right);
INTERNAL void ranges_compact(struct tcp_flow *flow);
INTERNAL size_t receive_sacks(const struct tcp_flow *flow, struct sack_block *out, size_t room);

/* stream.c */
INTERNAL void enqueue(struct tcp_flow *flow, struct buf *data);

/* output.c */
INTERNAL void output(struct tcp_flow *flow);
INTERNAL bool new_sendable(struct tcp_flow *flow);
INTERNAL void send_control(struct tcp_flow *flow, uint32_t seq, uint8_t flags);
INTERNAL void send_syn(struct tcp_flow *flow, uint8_t flags, const struct fast_open *option, uint32_t len);
INTERNAL void send_ack(struct tcp_flow *flow);
INTERNAL void send_reset(struct tcp_flow *flow);
INTERNAL void send_reset_for(struct tcp *tcp, const struct ends *ends, struct marks marks,
                             const struct segment *segment);
INTERNAL void send_stateless(struct tcp *tcp, const struct ends *ends, struct marks marks,
                             struct segment *segment);
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
INTERNAL void sent_check_reneged(struct tcp_flow *flow);
INTERNAL void sent_mark_all_lost(struct tcp_flow *flow);
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

/* hystart.c */
INTERNAL void hystart_begin(struct tcp_flow *flow);
INTERNAL void hystart_sample(struct tcp_flow *flow, os_time rtt);
INTERNAL uint32_t hystart_growth(struct tcp_flow *flow, uint32_t bytes);

/* recovery.c */
INTERNAL void rack_delivered(struct tcp_flow *flow, const struct sent *sent);
INTERNAL bool rack_detect(struct tcp_flow *flow);
INTERNAL void rack_new_round(struct tcp_flow *flow);
INTERNAL void recovery_enter(struct tcp_flow *flow);
INTERNAL void recovery_reduce(struct tcp_flow *flow);
INTERNAL void recovery_after_ack(struct tcp_flow *flow, const struct segment *segment, uint32_t delivered,
                                 uint32_t acked);
INTERNAL void recovery_timeout(struct tcp_flow *flow);

/* undo.c */
INTERNAL void undo_remember(struct tcp_flow *flow);
INTERNAL void undo_forget(struct tcp_flow *flow);
INTERNAL void undo_resent(struct tcp_flow *flow, const struct sent *sent);
INTERNAL void undo_reported(struct tcp_flow *flow, const struct sack_block *block);
INTERNAL void undo_if_spurious(struct tcp_flow *flow, const struct segment *segment, uint32_t acked);
INTERNAL void frto_start(struct tcp_flow *flow);
INTERNAL void frto_after_ack(struct tcp_flow *flow, uint32_t acked);
INTERNAL void tail_probe_after_ack(struct tcp_flow *flow, const struct segment *segment);

/* timers.c */
INTERNAL void timer_at(struct tcp_flow *flow, enum timer timer, os_time when);
INTERNAL void timer_off(struct tcp_flow *flow, enum timer timer);
INTERNAL void timer_fire(void *arg);
INTERNAL void retransmit_rearm(struct tcp_flow *flow);
INTERNAL void rtt_sample(struct tcp_flow *flow, os_time rtt);
INTERNAL os_time rto_of(os_time srtt, os_time rttvar);
INTERNAL os_time backed_off(const struct tcp_flow *flow, unsigned times);
INTERNAL os_time longest_wait(const struct tcp_flow *flow);
INTERNAL bool given_up(struct tcp_flow *flow, os_time since);

/* persist.c */
INTERNAL bool window_withdrawn(const struct tcp_flow *flow);
INTERNAL bool must_persist(const struct tcp_flow *flow);
INTERNAL bool persisting(const struct tcp_flow *flow);
INTERNAL void persist_arm(struct tcp_flow *flow);
INTERNAL void persist_timeout(struct tcp_flow *flow);
INTERNAL void window_reopened(struct tcp_flow *flow);

/* pmtu.c */
INTERNAL uint32_t mss_of_path(struct tcp_flow *flow);
INTERNAL uint16_t mss_offered(struct tcp *tcp, const struct ip_addr *peer);
INTERNAL void mss_set(struct tcp_flow *flow, uint32_t payload);
INTERNAL bool mss_refresh(struct tcp_flow *flow);
INTERNAL void black_hole_suspected(struct tcp_flow *flow);

/* mtu_search.c */
INTERNAL void search_start(struct tcp_flow *flow, uint32_t failed);
INTERNAL uint32_t search_due(struct tcp_flow *flow, uint32_t unsent, bool *wait);
INTERNAL void search_arrived(struct tcp_flow *flow, struct sent *probe);
INTERNAL void search_lost(struct tcp_flow *flow, bool alone);
INTERNAL void search_spoiled(struct tcp_flow *flow, struct sent *probe);
INTERNAL bool search_too_big(struct tcp_flow *flow, uint32_t seq, uint32_t mtu);

/* flow.c */
INTERNAL struct tcp_flow *flow_new(struct tcp *tcp, const struct ends *ends);
INTERNAL void flow_step(struct tcp_flow *flow, enum action action);
INTERNAL void flow_end(struct tcp_flow *flow, err error);
INTERNAL void flow_free(struct tcp_flow *flow);
INTERNAL void flow_orphan(struct tcp_flow *flow);

#endif
