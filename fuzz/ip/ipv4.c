/*
 * Fuzzes a running IPv4 module with packets: headers, options, fragments, reassembled packets, and packets
 * that it sends on paths that routers' messages narrow. The checksums of the input's packets are corrected,
 * so that the module reads beyond its first check.
 */
#include "ipv4_unit.h" /* of `units` */

#include "link.h"

struct arp {
    int unused;
};
static struct arp fuzz_arp;
static size_t raised;

void arp_set_network(struct arp *arp, const struct ip_cidr *network)
{
    (void)arp;
    CHECK(network->prefix <= 32);
}
err arp_add(struct arp *arp, const struct ip_addr *addr, bool probe)
{
    (void)arp, (void)addr, (void)probe;
    return OK;
}
void arp_remove(struct arp *arp, const struct ip_addr *addr)
{
    (void)arp, (void)addr;
}
void arp_listen(struct arp *arp, void *ctx)
{
    (void)arp, (void)ctx;
}

/* Check that another host could read the packet. */
static void check_written(struct eth *eth, uint16_t type, struct buf *payload)
{
    struct ipv4_header h;
    (void)eth;
    CHECK(type == ETHERNET_IPV4 && payload->len >= IPV4_HEADER);
    CHECK(ipv4_parse(&h, payload->data, payload->len, buf_len(payload)) == OK &&
          h.length == buf_len(payload));
}

err arp_write(struct arp *arp, const struct ip_addr *next_hop, struct buf *packet)
{
    (void)arp;
    CHECK(ip_is_v4(next_hop));
    return eth_write(&fuzz_eth, &ETHERNET_BROADCAST, ETHERNET_IPV4, packet);
}

static void check_raised(struct buf *payload, const struct ip_head *head)
{
    CHECK(payload != NULL && buf_len(payload) > 0 && buf_len(payload) <= 65535);
    CHECK(ip_is_v4(&head->source) && ip_is_v4(&head->destination));
    raised++;
    buf_free(payload);
}

void ipv4_on_tcp(void *ctx, struct buf *payload, const struct ip_head *head)
{
    (void)ctx;
    check_raised(payload, head);
}
void ipv4_on_udp(void *ctx, struct buf *payload, const struct ip_head *head)
{
    (void)ctx;
    check_raised(payload, head);
}
void ipv4_on_icmp(void *ctx, struct buf *payload, const struct ip_head *head)
{
    (void)ctx;
    check_raised(payload, head);
}
void ipv4_on_conflict(void *ctx, const struct ip_addr *address)
{
    (void)ctx, (void)address;
}

void ipv4_on_problem(void *ctx, struct buf *packet, const struct ip_problem *problem)
{
    (void)ctx;
    CHECK(packet->data[0] >> 4 == 4);
    check_raised(packet, &problem->head);
}

static void send(struct ipv4 *ip, struct input *in, uint8_t what)
{
    struct ip_head head = { .destination = IP_V4(10, 0, 0, what & 7),
                            .protocol = IP_PROTOCOL_UDP,
                            .dont_fragment = what & 8,
                            .probe = what & 64 };
    size_t len = (size_t)take(in) << 8 | take(in);
    struct buf *b = buf_alloc(len);
    if (what & 16)
        ipv4_reduce_mtu(ip, &head.destination, (uint32_t)take(in) << 4);
    if (what & 32)
        ipv4_learn_mtu(ip, &head.destination, (uint32_t)take(in) << 4);
    if (b != NULL)
        memset(b->data, 0, len);
    IGNORE(ipv4_write(ip, &head, b));
}

static void receive(struct ipv4 *ip, struct input *in, uint8_t what)
{
    struct buf *b = take_packet(in, 0, what & 0x20 ? 60 : 1480);
    if (b->len >= IPV4_HEADER && (what & 1) != 0) {
        size_t header = (size_t)(b->data[0] & 15) * 4;
        b->data[0] = (uint8_t)(0x40 | (b->data[0] & 15));
        wire_put32(b->data + IPV4_DESTINATION, 0x0a000002);
        wire_put16(b->data + IPV4_LENGTH, b->len);
        memset(b->data + IPV4_CHECKSUM, 0, 2);
        if (header <= b->len)
            checksum_store(b->data + IPV4_CHECKSUM, checksum_add(0, b->data, header));
    }
    eth_on_ipv4(ip, split(b, (size_t)(what >> 1 & 15) * 5, what & 0x20), !(what & 1));
}

static err fuzz_entry(void *arg)
{
    struct input *in = arg;
    struct ipv4 *ip;
    struct ip_cidr own = { IP_V4(10, 0, 0, 2), 24 };

    fuzz_eth = (struct eth){ 0 };
    TRY(ipv4_connect(&ip, &fuzz_eth, &fuzz_arp, &fuzz_generator));
    TRY(ipv4_set_address(ip, &own, false));
    ipv4_listen_udp(ip, ip);
    ipv4_listen_icmp(ip, ip);
    while (in->len > 0) {
        uint8_t what = take(in);
        if ((what & 0xc0) == 0xc0)
            os_sleep(SECONDS(what & 63));
        else if ((what & 0xc0) == 0x80)
            send(ip, in, what);
        else
            receive(ip, in, what);
        CHECK(ip->reassembly.count <= REASSEMBLY_PACKETS_MAX &&
              ip->reassembly.fragments <= REASSEMBLY_FRAGMENTS_TOTAL);
    }
    ipv4_disconnect(ip);
    return OK;
}
