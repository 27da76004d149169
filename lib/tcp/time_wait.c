/*
 * TIME-WAIT (RFC 9293, section 3.6.1): the little that must be remembered of a connection that is over, so
 * that its last FIN can be acknowledged again, and its old duplicates do no harm. All entries stay equally
 * long, so they lie in a queue in the order of their end, with one timer.
 */
#include "private.h"

#include <stdlib.h>

static void time_wait_add(struct tcp *tcp, struct time_wait *wait)
{
    wait->expires = tcp->now + MILLISECONDS(key_time_wait_ms);
    os_list_append(&tcp->time_waits, wait, queue);
    tcp->time_wait_count++;
    if (!os_timer_is_set(&tcp->time_wait_timer))
        IGNORE(os_timer_set(&tcp->time_wait_timer, wait->expires));
}

static void time_wait_unlink(struct tcp *tcp, struct time_wait *wait)
{
    os_list_remove(&tcp->time_waits, wait, queue);
    tcp->time_wait_count--;
}

INTERNAL void time_wait_end(struct tcp *tcp, struct time_wait *wait)
{
    time_wait_unlink(tcp, wait);
    table_remove(tcp, &wait->node);
    free(wait);
}

/*
 * Replace the flow in the table; flow_end then removes the flow. Without memory the connection is forgotten,
 * against RFC 9293's advice.
 */
INTERNAL void time_wait_enter(struct tcp_flow *flow)
{
    struct tcp *tcp = flow->tcp;
    struct time_wait *wait = calloc(1, sizeof *wait);
    if (wait == NULL) {
        COUNT(tcp, refused_memory);
        return;
    }
    wait->node.ends = flow->node.ends;
    wait->node.is_time_wait = true;
    wait->snd_nxt = flow->snd_nxt;
    wait->rcv_nxt = flow->rcv_nxt;
    wait->window = flow->rcv_adv - flow->rcv_nxt;
    wait->ts_recent = flow->ts_recent;
    wait->ts_offset = flow->ts_offset;
    wait->timestamps = flow->timestamps;
    wait->marks = flow->marks;
    wait->entered = tcp->now;
    if (table_insert(tcp, &wait->node) != OK) {
        free(wait);
        return;
    }
    if (tcp->time_wait_count >= key_time_wait_max) {
        COUNT(tcp, time_wait_recycled);
        time_wait_end(tcp, tcp->time_waits.first);
    }
    time_wait_add(tcp, wait);
}

INTERNAL void time_wait_fire(void *arg)
{
    struct tcp *tcp = arg;
    tcp->now = os_now();
    while (tcp->time_waits.first != NULL && tcp->time_waits.first->expires <= tcp->now)
        time_wait_end(tcp, tcp->time_waits.first);
    if (tcp->time_waits.first != NULL)
        IGNORE(os_timer_set(&tcp->time_wait_timer, tcp->time_waits.first->expires));
}

static void acknowledge_again(struct tcp *tcp, struct time_wait *wait)
{
    struct segment answer = { .seq = wait->snd_nxt, .ack = wait->rcv_nxt, .flags = ACK };
    answer.has_timestamp = wait->timestamps;
    answer.tsval = timestamp_now(tcp) + wait->ts_offset;
    answer.tsecr = wait->ts_recent;
    wait->answered = tcp->now;
    send_stateless(tcp, &wait->node.ends, wait->marks, &answer);
}

/*
 * Whether a SYN begins a new incarnation, or is an old duplicate: RFC 6191, section 2, and RFC 9293, MAY-2.
 * For a new incarnation, `wait` is freed, the caller handles the segment as one for no connection, and the
 * new initial sequence number must be at least *least_iss.
 */
static bool begins_anew(const struct time_wait *wait, const struct segment *s)
{
    if ((s->flags & (SYN | ACK | RST | FIN)) != SYN)
        return false;
    if (wait->timestamps && s->has_timestamp && s->tsval != wait->ts_recent)
        return seq_after(s->tsval, wait->ts_recent);
    return seq_after(s->seq, wait->rcv_nxt);
}

/*
 * Returns true when the segment must be handled as one for no connection. RSTs are ignored: RFC 1337, section
 * 3. So is what has neither SYN nor ACK, with or without a FIN: the peer's FIN, the only thing that is
 * expected here, has an ACK (RFC 9293, section 3.10.7.4, fifth check).
 */
INTERNAL bool time_wait_input(struct tcp *tcp, struct time_wait *wait, const struct segment *segment,
                              uint32_t *least_iss)
{
    if ((segment->flags & RST) || !(segment->flags & (SYN | ACK)))
        return false;
    if (begins_anew(wait, segment)) {
        *least_iss = wait->snd_nxt + 65535 + 2;
        time_wait_end(tcp, wait);
        return true;
    }
    if (segment->flags & FIN) {
        /* RFC 9293, section 3.10.7.4: acknowledge the segment and restart the time. */
        time_wait_unlink(tcp, wait);
        time_wait_add(tcp, wait);
        acknowledge_again(tcp, wait);
    } else if ((segment->len > 0 || (segment->flags & SYN) || segment->seq != wait->rcv_nxt) &&
               (wait->answered == 0 || tcp->now - wait->answered > MILLISECONDS(500))) {
        /* The answers are limited, or two ends that are out of step would answer each other for ever. */
        acknowledge_again(tcp, wait);
    }
    return false;
}
