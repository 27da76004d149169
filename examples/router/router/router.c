/*
 * IPv4 forwarded between two links, the inner one behind the outer's address. A packet is looked at, changed
 * in place and handed on with what its device left to the next one: no payload is copied.
 */
#include <base/checksum/checksum.h>
#include <mirage/metric.h>
#include <base/packet/packet.h>
#include <base/wire/wire.h>

#include <stdlib.h>
#include <string.h>

#include "nat.h"
#include "translate.h"

PARAM(ETHERNET, inside);
PARAM(ARP_ON, inside_arp, inside);
PARAM(ETHERNET, outside);
PARAM(ARP_ON, outside_arp, outside);
PARAM(RANDOM, random);
MODULE(JOB, router);
LOG_SOURCE(router);

ARG_CIDR(inside, "10.1.0.1/24", "this router's address within");
ARG_CIDR(outside, "192.0.2.2/24", "its address outside, which all hosts within share");
ARG_IP(gateway, "192.0.2.1", "the router outside for everything beyond the link");

enum { ICMP_ERRORS_A_SECOND = 100, ICMP_QUOTE = 28 };

struct side {
    struct ip_cidr cidr;
    struct network_info info;
    uint32_t address; /* in network order */
};

struct router {
    struct inside_arp *inside_arp;
    struct outside_arp *outside_arp;
    struct random *random;
    struct side in, out;
    os_time second; /* of the errors told */
    unsigned errors;
    struct metric forwarded, refused, unfit, unmapped, mappings;
    struct nat nat;
};

static uint32_t random_number(void *ctx)
{
    return (uint32_t)random_u64(ctx);
}

static struct ip_addr address_of(uint32_t number)
{
    struct ip_addr addr = IP_V4(0, 0, 0, 0);
    memcpy(addr.bytes + 12, &number, 4);
    return addr;
}

/* Into the link: to a neighbour, or by the gateway. Takes the packet. */
static void pass_on(struct router *r, bool out, uint32_t destination, struct buf *packet)
{
    struct ip_addr next = address_of(destination);
    const struct side *side = out ? &r->out : &r->in;
    if (!packet_fits(packet, side->info.offloads)) {
        metric_add(&r->unfit, 1);
        buf_free(packet);
        return;
    }
    if (packet->csum == BUF_CSUM_VALID)
        packet->csum = BUF_CSUM_UNKNOWN;
    metric_add(&r->forwarded, 1);
    if (!ip_cidr_contains(&side->cidr, &next))
        next = gateway;
    IGNORE(out ? outside_arp_write(r->outside_arp, &next, packet)
               : inside_arp_write(r->inside_arp, &next, packet));
}

static void refuse(struct metric *why, struct buf *packet)
{
    metric_add(why, 1);
    buf_free(packet);
}

/*
 * Tell a host what became of its packet (RFC 792; RFC 1812, section 4.3), so often a second at most. Takes
 * the packet.
 */
static void tell(struct router *r, bool out, const struct view *v, struct buf *packet, uint8_t type,
                 uint8_t code, uint16_t mtu)
{
    const struct side *side = out ? &r->out : &r->in;
    size_t quote = v->length < v->header + 8u ? v->length : v->header + 8u;
    struct buf *b = buf_alloc(ICMP_QUOTE + quote);
    if (os_loop_now() - r->second >= SECONDS(1)) {
        r->second = os_loop_now();
        r->errors = 0;
    }
    if (b == NULL || v->icmp_error || r->errors++ >= ICMP_ERRORS_A_SECOND) {
        buf_free(b);
        buf_free(packet);
        return;
    }
    uint8_t *p = b->data;
    memset(p, 0, ICMP_QUOTE);
    p[0] = 0x45;
    wire_put16(p + 2, b->len);
    p[8] = 64;
    p[9] = 1;
    memcpy(p + 12, &side->address, 4);
    memcpy(p + 16, &v->source, 4);
    p[20] = type;
    p[21] = code;
    wire_put16(p + 26, mtu);
    memcpy(p + ICMP_QUOTE, packet->data, quote);
    checksum_store(p + 10, checksum_add(0, p, 20));
    checksum_store(p + 22, checksum_add(0, p + 20, b->len - 20));
    buf_free(packet);
    pass_on(r, out, v->source, b);
}

/* An echo of this router itself. Takes the packet. */
static void answer_echo(struct router *r, bool out, const struct view *v, struct buf *packet)
{
    uint8_t *p = packet->data, before[2] = { ICMP_ECHO, p[v->header + 1] };
    p[v->header] = ICMP_REPLY;
    checksum_update(p + v->header + 2, before, p + v->header, 2);
    memcpy(p + 12, &v->destination, 4);
    memcpy(p + 16, &v->source, 4);
    pass_on(r, out, v->source, packet);
}

static os_time time_of(const struct view *v, const struct mapping *m)
{
    if (v->protocol == IP_PROTOCOL_UDP)
        return NAT_UDP_TIME;
    if (v->protocol == IP_PROTOCOL_ICMP)
        return NAT_ICMP_TIME;
    return m->established && (v->tcp_flags & (TCP_FIN | TCP_RST | TCP_SYN)) == 0 ? NAT_TCP_TIME
                                                                                 : NAT_TCP_BRIEF_TIME;
}

/* The checksum of an ICMP message whose quoted packet was changed. */
static void sum_icmp(const struct view *v, struct buf *packet)
{
    uint8_t *field = packet->data + v->header + 2;
    field[0] = field[1] = 0;
    checksum_store(field, checksum_add_buf(0, packet, v->header, v->length - v->header));
}

/* From within: the sender becomes this router. false: it can't. */
static bool translate_out(struct router *r, struct view *v, struct buf *packet)
{
    os_time now = os_loop_now();
    bool partial = packet->csum == BUF_CSUM_PARTIAL;
    struct view quoted;
    struct mapping *m;
    if (v->icmp_error) {
        /* About a packet that came in: the one who sent it knows the host within by its mapping. */
        if (view_quoted(v, &quoted, packet->data, packet->len) != OK)
            return false;
        m = nat_from_inside(&r->nat, quoted.protocol, quoted.destination, quoted.destination_port, now, NULL,
                            NULL);
        if (m == NULL)
            return false;
        view_set_quoted(v, &quoted, packet->data, packet->len, false, r->out.address, m->outside);
        sum_icmp(v, packet);
        view_set(v, packet->data, true, r->out.address, 0, false);
        return true;
    }
    m = nat_from_inside(&r->nat, v->protocol, v->source, v->source_port, now, random_number, r->random);
    if (m == NULL)
        return false;
    nat_use(&r->nat, m, now, time_of(v, m));
    r->mappings.value = (int64_t)r->nat.count;
    view_set(v, packet->data, true, r->out.address, m->outside, partial);
    return true;
}

/* To the address outside: the receiver becomes the host within, whose address is returned; 0: nobody's. */
static uint32_t translate_in(struct router *r, const struct view *v, struct buf *packet)
{
    os_time now = os_loop_now();
    bool partial = packet->csum == BUF_CSUM_PARTIAL;
    struct view quoted;
    struct mapping *m;
    if (v->icmp_error) {
        if (view_quoted(v, &quoted, packet->data, packet->len) != OK || quoted.source != r->out.address)
            return 0;
        m = nat_from_outside(&r->nat, quoted.protocol, quoted.source_port, now);
        if (m == NULL)
            return 0;
        view_set_quoted(v, &quoted, packet->data, packet->len, true, m->address, m->port);
        sum_icmp(v, packet);
        view_set(v, packet->data, false, m->address, 0, false);
        return m->address;
    }
    m = nat_from_outside(&r->nat, v->protocol, v->destination_port, now);
    if (m == NULL)
        return 0;
    m->established = true;
    view_set(v, packet->data, false, m->address, m->port, partial);
    return m->address;
}

/* Nothing is cut into fragments here: what is too long for the next link goes back (RFC 1191). */
static bool is_too_long(const struct router *r, bool out, const struct view *v, const struct buf *packet)
{
    return packet->gso == BUF_GSO_NONE ? v->length > (out ? r->out.info.mtu : r->in.info.mtu) : false;
}

/* A packet as it came; NULL: it was refused. */
static struct buf *admit(struct router *r, struct buf *packet, bool group, struct view *v)
{
    size_t total = buf_len(packet);
    packet = packet_own(packet, total < VIEW_BYTES ? total : VIEW_BYTES);
    if (packet == NULL)
        return NULL;
    if (group || view_read(v, packet->data, packet->len, total) != OK) {
        refuse(&r->refused, packet);
        return NULL;
    }
    /* Ethernet pads short frames. */
    if (total > v->length)
        buf_truncate(packet, v->length);
    return packet;
}

static bool can_be_reached(uint32_t address)
{
    struct ip_addr addr = address_of(address);
    uint8_t first = addr.bytes[12];
    return first != 0 && first != 127 && first < 224;
}

void inside_on_ipv4(void *ctx, struct buf *packet, bool group)
{
    struct router *r = ctx;
    struct view v;
    if ((packet = admit(r, packet, group, &v)) == NULL)
        return;
    struct ip_addr source = address_of(v.source);
    if (!ip_cidr_contains(&r->in.cidr, &source) || !can_be_reached(v.destination)) {
        refuse(&r->refused, packet);
    } else if (v.destination == r->in.address) {
        if (v.icmp_type == ICMP_ECHO && v.protocol == IP_PROTOCOL_ICMP)
            answer_echo(r, false, &v, packet);
        else
            buf_free(packet);
    } else if (v.ttl <= 1) {
        tell(r, false, &v, packet, 11, 0, 0);
    } else if (is_too_long(r, true, &v, packet)) {
        tell(r, false, &v, packet, 3, 4, r->out.info.mtu);
    } else if (!translate_out(r, &v, packet)) {
        refuse(&r->unmapped, packet);
    } else {
        view_age(packet->data);
        if (v.destination != r->out.address) {
            pass_on(r, true, v.destination, packet);
            return;
        }
        /* Between two hosts within, by the address outside (RFC 4787, section 6). */
        uint32_t host =
            view_read(&v, packet->data, packet->len, buf_len(packet)) == OK ? translate_in(r, &v, packet) : 0;
        if (host == 0)
            refuse(&r->unmapped, packet);
        else
            pass_on(r, false, host, packet);
    }
}

void outside_on_ipv4(void *ctx, struct buf *packet, bool group)
{
    struct router *r = ctx;
    struct view v;
    if ((packet = admit(r, packet, group, &v)) == NULL)
        return;
    struct ip_addr source = address_of(v.source);
    if (v.destination != r->out.address || !can_be_reached(v.source) ||
        ip_cidr_contains(&r->in.cidr, &source)) {
        refuse(&r->refused, packet);
    } else if (v.protocol == IP_PROTOCOL_ICMP && v.icmp_type == ICMP_ECHO) {
        answer_echo(r, true, &v, packet);
    } else if (v.ttl <= 1) {
        tell(r, true, &v, packet, 11, 0, 0);
    } else if (is_too_long(r, false, &v, packet)) {
        tell(r, true, &v, packet, 3, 4, r->in.info.mtu);
    } else {
        uint32_t host = translate_in(r, &v, packet);
        if (host == 0) {
            refuse(&r->unmapped, packet);
            return;
        }
        view_age(packet->data);
        pass_on(r, false, host, packet);
    }
}

static const struct metric_row metrics[] = {
    METRIC_ROW(struct router, forwarded, COUNTER, "router.forwarded", "packets handed on"),
    METRIC_ROW(struct router, refused, COUNTER, "router.refused",
               "packets that are malformed, fragments, or from where they can't be"),
    METRIC_ROW(struct router, unfit, COUNTER, "router.unfit", "packets that the next device can't finish"),
    METRIC_ROW(struct router, unmapped, COUNTER, "router.unmapped",
               "packets that are nobody's, or found no port free"),
    METRIC_ROW(struct router, mappings, GAUGE, "router.mappings", "mappings in the table"),
};

IO err router_start(struct inside *in, struct inside_arp *in_arp, struct outside *out,
                    struct outside_arp *out_arp, struct random *random)
{
    struct router *r = malloc(sizeof *r);
    struct os_waitq forever = { 0 };
    if (r == NULL)
        return ERR_NO_MEMORY;
    memset(r, 0, offsetof(struct router, nat));
    nat_init(&r->nat, random_u64(random));
    r->inside_arp = in_arp;
    r->outside_arp = out_arp;
    r->random = random;
    r->in.cidr = inside;
    r->out.cidr = outside;
    inside_info(in, &r->in.info);
    outside_info(out, &r->out.info);
    memcpy(&r->in.address, inside.addr.bytes + 12, 4);
    memcpy(&r->out.address, outside.addr.bytes + 12, 4);
    err e = inside_arp_add(in_arp, &inside.addr, false);
    if (e == OK)
        e = outside_arp_add(out_arp, &outside.addr, false);
    if (e == OK) {
        metric_register(metrics, r, NULL);
        inside_listen_ipv4(in, r);
        outside_listen_ipv4(out, r);
        log_info("forwarding");
        e = os_wait(&forever);
        inside_listen_ipv4(in, NULL);
        outside_listen_ipv4(out, NULL);
        metric_unregister(metrics, r);
    }
    free(r);
    return e == ERR_CANCELLED ? OK : e;
}
