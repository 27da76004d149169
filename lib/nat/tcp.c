/*
 * How long a TCP connection is kept (RFC 5382, REQ-5; RFC 7857, section 2).
 *
 * Only segments from inside lengthen the time, and it is the long one once each side has been heard and the
 * inside host has acknowledged that. It is the brief one again when both sides have closed or one has reset
 * the connection. What an outsider says counts only as far as the inside host agrees: a FIN when that host
 * acknowledges it, and a reset when its sequence number is the one that RFC 5961 lets a host obey. After a
 * reset from outside, a segment from inside shows that the connection lives. After the end, only a new SYN
 * from inside begins another time.
 */
#include "nat.h"

enum nat_tcp {
    TCP_HEARD = 1, /* the outside host has answered */
    TCP_OPEN = 2,
    TCP_FIN_OUT = 4,
    TCP_FIN_IN = 8, /* it came, and lies before `fin` */
    TCP_FIN_AGREED = 16,
    TCP_RESET = 32, /* from outside */
    TCP_OVER = 64,
};

static void end(struct nat *nat, struct nat_flow *flow, enum nat_tcp how)
{
    bool ended = (flow->tcp & (TCP_RESET | TCP_OVER)) != 0;

    flow->tcp |= how;
    if (!ended)
        nat_flow_keep(nat, flow, NAT_LIFE_TCP_BRIEF);
}

static void begin(struct nat *nat, struct nat_flow *flow)
{
    /* A host that lost its memory of an open connection is told so by the other, and then resets it. */
    if (flow->life == NAT_LIFE_TCP_OPEN)
        return;
    flow->tcp = 0;
    nat_flow_keep(nat, flow, NAT_LIFE_TCP_BRIEF);
}

static void acknowledge(struct nat_flow *flow, const struct nat_view *v)
{
    flow->acked = v->acknowledged;
    if ((flow->tcp & TCP_FIN_IN) != 0 && flow->fin == v->acknowledged)
        flow->tcp |= TCP_FIN_AGREED;
    if ((flow->tcp & TCP_HEARD) != 0)
        flow->tcp |= TCP_OPEN;
}

INTERNAL void nat_tcp_from_inside(struct nat *nat, struct nat_flow *flow, const struct nat_view *v)
{
    if ((v->flags & TCP_RST) != 0) {
        end(nat, flow, TCP_OVER);
        return;
    }
    if ((v->flags & TCP_SYN) != 0) {
        begin(nat, flow);
        return;
    }
    if ((flow->tcp & TCP_OVER) != 0)
        return;
    flow->tcp &= (uint8_t)~TCP_RESET;
    if ((v->flags & TCP_ACK) != 0)
        acknowledge(flow, v);
    if ((v->flags & TCP_FIN) != 0)
        flow->tcp |= TCP_FIN_OUT;
    if ((flow->tcp & (TCP_FIN_OUT | TCP_FIN_AGREED)) == (TCP_FIN_OUT | TCP_FIN_AGREED))
        end(nat, flow, TCP_OVER);
    else
        nat_flow_keep(nat, flow, (flow->tcp & TCP_OPEN) != 0 ? NAT_LIFE_TCP_OPEN : NAT_LIFE_TCP_BRIEF);
}

INTERNAL void nat_tcp_from_outside(struct nat *nat, struct nat_flow *flow, const struct nat_view *v)
{
    if ((v->flags & TCP_RST) != 0) {
        if (flow->life == NAT_LIFE_TCP_OPEN && v->sequence == flow->acked)
            end(nat, flow, TCP_RESET);
        return;
    }
    if ((v->flags & (TCP_SYN | TCP_ACK)) != 0)
        flow->tcp |= TCP_HEARD;
    if ((v->flags & TCP_FIN) != 0) {
        flow->tcp |= TCP_FIN_IN;
        flow->fin = v->end;
    }
}
