/*
 * The wire and the two hosts of net.h. They are in the translation unit of the module and act as its
 * parameters.
 */
#ifndef TEST_TCP_HOSTS_H
#define TEST_TCP_HOSTS_H

#include "net.h"

#include <stdlib.h>

struct in_flight {
    struct os_timer timer;
    struct ip *to;
    struct ip_head head;
    struct buf *packet;
};

void random_fill(struct random *random, void *out, size_t len)
{
    uint8_t *to = out;
    while (len-- > 0)
        *to++ = (uint8_t)prng_splitmix(&random->state);
}

uint64_t random_u64(struct random *random)
{
    return prng_splitmix(&random->state);
}

uint32_t random_below(struct random *random, uint32_t bound)
{
    return (uint32_t)(prng_splitmix(&random->state) % bound);
}

void icmp_listen_tcp(struct icmp *icmp, void *ctx)
{
    icmp->ctx = ctx;
}

err ip_source(struct ip *ip, const struct ip_addr *destination, struct ip_addr *out)
{
    (void)destination;
    *out = ip->address;
    return OK;
}

uint32_t ip_mtu(struct ip *ip, const struct ip_addr *destination)
{
    (void)destination;
    return ip->mtu;
}

uint32_t ip_link_mtu(struct ip *ip, const struct ip_addr *destination)
{
    (void)destination;
    return ip->link_mtu;
}

void ip_reduce_mtu(struct ip *ip, const struct ip_addr *destination, uint32_t mtu)
{
    (void)destination;
    uint32_t payload = (mtu < 552 ? 552 : mtu) - 20;
    if (payload < ip->mtu)
        ip->mtu = payload;
}

void ip_learn_mtu(struct ip *ip, const struct ip_addr *destination, uint32_t mtu)
{
    (void)destination;
    CHECK(mtu <= ip->link_mtu);
    ip->mtu = mtu;
}

void ip_confirm(struct ip *ip, const struct ip_addr *destination)
{
    (void)ip, (void)destination;
}

bool ip_has(struct ip *ip, const struct ip_addr *addr)
{
    return ip_equal(&ip->address, addr);
}

uint32_t ip_offloads(struct ip *ip)
{
    return ip->offloads;
}

void ip_listen_tcp(struct ip *ip, void *ctx)
{
    ip->ctx = ctx;
}

static bool chance(struct ip *ip, unsigned thousandths)
{
    return thousandths > 0 && prng_splitmix(&ip->seed) % 1000 < thousandths;
}

static void arrive(void *arg)
{
    struct in_flight *f = arg;
    f->to->peer->in_flight--;
    if (f->to->ctx != NULL && ip_equal(&f->head.destination, &f->to->address))
        ip_on_tcp(f->to->ctx, f->packet, &f->head);
    else
        buf_free(f->packet);
    free(f);
}

/* A copy of the packet with one wrong bit. */
static struct buf *corrupted(struct ip *ip, struct buf *packet)
{
    size_t len = buf_len(packet), bit = prng_splitmix(&ip->seed) % (8 * len);
    struct buf *copy = buf_alloc(len);
    IGNORE(buf_read_copy(packet, 0, copy->data, len));
    copy->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    buf_free(packet);
    return copy;
}

static void launch(struct ip *ip, const struct ip_head *head, struct buf *packet)
{
    struct in_flight *f = calloc(1, sizeof *f);
    os_time when = os_now() + ip->faults.delay;
    if (ip->faults.jitter > 0)
        when += (os_time)(prng_splitmix(&ip->seed) % (uint64_t)ip->faults.jitter);
    if (chance(ip, ip->faults.corrupt))
        packet = corrupted(ip, packet);
    if (chance(ip, ip->faults.reorder))
        when += ip->faults.delay + MICROSECONDS(300);
    else if (when < ip->last_arrival)
        when = ip->last_arrival;
    else
        ip->last_arrival = when;
    *f = (struct in_flight){
        .timer = OS_TIMER_INIT(arrive, f), .to = ip->peer, .head = *head, .packet = packet
    };
    ip->in_flight++;
    IGNORE(os_timer_set(&f->timer, when));
}

static void capture(struct ip *ip, const struct ip_head *head, struct buf *packet,
                    const struct segment *segment)
{
    struct captured *c = &ip->captured[ip->captured_count++ % CAPTURED];
    *c =
        (struct captured){ .segment = *segment, .head = *head, .at = os_now(), .gso_size = packet->gso_size };
    if (segment->len > 0)
        IGNORE(buf_read_copy(packet, segment->header_len, &c->first, 1));
    buf_free(packet);
}

/* Check every checksum that the module computes, including those that a device would complete. */
static void check_sum(struct ip *ip, const struct ip_head *head, const struct buf *packet)
{
    size_t len = buf_len(packet);
    uint32_t pseudo = checksum_pseudo(&head->source, &head->destination, IP_PROTOCOL_TCP, (uint32_t)len);
    if (packet->csum == BUF_CSUM_PARTIAL) {
        CHECK(ip->offloads & NETWORK_CSUM_OUT);
        CHECK_EQUAL(packet->csum_start, 0);
        CHECK_EQUAL(checksum_load(packet->data + 16), checksum_fold(pseudo));
    } else {
        CHECK(checksum_is_valid(checksum_add_buf(pseudo, packet, 0, len)));
    }
}

err ip_write(struct ip *ip, const struct ip_head *head, struct buf *packet)
{
    struct segment segment;
    size_t len = buf_len(packet);
    CHECK(head->protocol == IP_PROTOCOL_TCP && head->dont_fragment && ip_equal(&head->source, &ip->address));
    CHECK_EQUAL(segment_parse(packet->data, packet->len, &segment), OK);
    segment.len = (uint32_t)(len - segment.header_len);
    check_sum(ip, head, packet);
    bool large = packet->gso != BUF_GSO_NONE;
    uint32_t wire = large ? segment.header_len + packet->gso_size : (uint32_t)len;
    CHECK(!large || (ip->offloads & (ip_is_v4(&head->source) ? NETWORK_TSO4 : NETWORK_TSO6)));
    CHECK(len <= 65535 - 20);
    ip->packets++;
    ip->bytes += len;
    CHECK(!head->probe || !large);
    if (wire > (head->probe ? ip->link_mtu : ip->mtu)) {
        buf_free(packet);
        return ERR_TOO_LARGE;
    }
    if (ip->refuse != OK || (ip->narrow > 0 && wire > ip->narrow) ||
        (ip->drop != NULL && ip->drop(ip, &segment)) || chance(ip, ip->faults.loss)) {
        buf_free(packet);
        return ip->refuse;
    }
    if (ip->peer == NULL) {
        capture(ip, head, packet, &segment);
        return OK;
    }
    if (chance(ip, ip->faults.duplicate))
        launch(ip, head, buf_share(packet));
    launch(ip, head, packet);
    return OK;
}

static void host_make(struct host *host, uint64_t seed, struct ip_addr address, struct faults faults,
                      uint32_t offloads)
{
    *host = (struct host){ .random = { seed },
                           .ip = { .address = address,
                                   .mtu = 1480,
                                   .link_mtu = 1480,
                                   .offloads = offloads,
                                   .faults = faults,
                                   .seed = seed * 7919 } };
    CHECK_EQUAL(tcp_connect(&host->tcp, &host->ip, &host->icmp, &host->random), OK);
}

void net_make(struct net *net, uint64_t seed, struct faults faults, uint32_t offloads)
{
    host_make(&net->a, 2 * seed + 1, ADDRESS_A, faults, offloads);
    host_make(&net->b, 2 * seed + 2, ADDRESS_B, faults, offloads);
    net->a.ip.peer = &net->b.ip;
    net->b.ip.peer = &net->a.ip;
}

void net_script(struct net *net)
{
    memset(net, 0, sizeof *net);
    host_make(&net->a, 1, ADDRESS_A, (struct faults){ 0 }, 0);
    net->a.ip.captured = calloc(CAPTURED, sizeof *net->a.ip.captured);
}

void net_end(struct net *net)
{
    struct buf_stats stats;
    tcp_disconnect(net->a.tcp);
    if (net->b.tcp != NULL)
        tcp_disconnect(net->b.tcp);
    while (net->a.ip.in_flight + net->b.ip.in_flight > 0)
        os_sleep(SECONDS(1));
    free(net->a.ip.captured);
    buf_get_stats(&stats);
    CHECK_EQUAL(stats.views, 0);
}

void inject(struct net *net, struct segment segment, const void *data, size_t len)
{
    struct ip_head head = { .source = ADDRESS_B,
                            .destination = ADDRESS_A,
                            .protocol = IP_PROTOCOL_TCP,
                            .traffic_class = segment.header_len /* a test sets the traffic class here */ };
    size_t header_len = segment_header_len(&segment);
    struct buf *packet = buf_alloc(header_len + len);
    segment_emit(packet->data, &segment);
    if (len > 0)
        memcpy(packet->data + header_len, data, len);
    packet->csum = BUF_CSUM_VALID;
    ip_on_tcp(net->a.ip.ctx, packet, &head);
}

struct captured *expect_segment(struct net *net, os_time wait)
{
    struct ip *ip = &net->a.ip;
    os_time until = os_now() + wait;
    while (ip->taken == ip->captured_count && os_now() < until)
        os_sleep(MILLISECONDS(1));
    return ip->taken < ip->captured_count ? &ip->captured[ip->taken++ % CAPTURED] : NULL;
}

#endif
