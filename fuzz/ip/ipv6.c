/*
 * Fuzzes a running IPv6 module with packets: extension headers, fragments, neighbour discovery, routers'
 * advertisements, redirects, MLD, and packets that it sends on the routes that these open. ICMPv6 checksums
 * are corrected. The input can name the module's addresses by number.
 */
#include "ipv6_unit.h" /* of `units` */

#include "link.h"

static void check_written(struct eth *eth, uint16_t type, struct buf *payload)
{
    (void)eth;
    CHECK(type == ETHERNET_IPV6 && payload->len >= IPV6_HEADER && payload->data[0] >> 4 == 6);
    CHECK(wire_get16(payload->data + IPV6_LENGTH) + IPV6_HEADER == (int)buf_len(payload));
}

static void check_raised(struct buf *payload, const struct ip_head *head)
{
    CHECK(payload != NULL && buf_len(payload) > 0);
    CHECK(!ip_is_v4(&head->source) && !ip_is_v4(&head->destination));
    buf_free(payload);
}

void ipv6_on_tcp(void *ctx, struct buf *payload, const struct ip_head *head)
{
    (void)ctx;
    check_raised(payload, head);
}
void ipv6_on_udp(void *ctx, struct buf *payload, const struct ip_head *head)
{
    (void)ctx;
    check_raised(payload, head);
}
void ipv6_on_icmp(void *ctx, struct buf *payload, const struct ip_head *head)
{
    (void)ctx;
    check_raised(payload, head);
}

void ipv6_on_problem(void *ctx, struct buf *packet, const struct ip_problem *problem)
{
    (void)ctx;
    CHECK(packet->data[0] >> 4 == 6);
    check_raised(packet, &problem->head);
}

static struct ip_addr address_by_number(struct ipv6 *ip, uint8_t n)
{
    const struct ipv6_address *a = &ip->addresses[n % IPV6_ADDRESSES_MAX];
    if (n & 0x10)
        return ipv6_solicited_node(&a->addr);
    if (n & 0x20)
        return ipv6_all_nodes;
    if (n & 0x40)
        return (struct ip_addr){ .bytes = { 0xfe, 0x80, [15] = n & 7 } };
    return a->addr;
}

static void receive(struct ipv6 *ip, struct input *in, uint8_t what)
{
    uint8_t source = take(in), destination = take(in), next = take(in);
    struct buf *b = take_packet(in, IPV6_HEADER, what & 0x20 ? 120 : 600);
    struct ip_addr to = address_by_number(ip, destination), from = address_by_number(ip, source);

    ipv6_emit(b->data, &from, &to, b->len - IPV6_HEADER, next, what & 1 ? 255 : take(in), 0, 0);
    if (source == 0xff)
        memset(b->data + IPV6_SOURCE, 0, 16);
    /* Neighbour discovery's target becomes an address that the module knows. */
    if (next == IP_PROTOCOL_ICMPV6 && b->len >= IPV6_HEADER + 24 && b->data[IPV6_HEADER] >= 135 &&
        b->data[IPV6_HEADER + 8] == 0xaa) {
        struct ip_addr target = address_by_number(ip, b->data[IPV6_HEADER + 9]);
        memcpy(b->data + IPV6_HEADER + 8, target.bytes, 16);
    }
    if (next == IP_PROTOCOL_ICMPV6 && b->len >= IPV6_HEADER + 4) {
        size_t len = b->len - IPV6_HEADER;
        from = ipv6_addr(b->data + IPV6_SOURCE);
        memset(b->data + IPV6_HEADER + 2, 0, 2);
        checksum_store(b->data + IPV6_HEADER + 2,
                       checksum_add(checksum_pseudo(&from, &to, IP_PROTOCOL_ICMPV6, (uint32_t)len),
                                    b->data + IPV6_HEADER, len));
    }
    eth_on_ipv6(ip, split(b, (size_t)(what >> 1 & 15) * 7, what & 0x20), ipv6_is_multicast(&to));
}

static void send(struct ipv6 *ip, struct input *in, uint8_t what)
{
    struct ip_head head = { .protocol = IP_PROTOCOL_UDP, .dont_fragment = what & 1 };
    size_t len = (size_t)take(in) << 8 | take(in);
    uint8_t n = take(in);

    head.destination = what & 2
                           ? (struct ip_addr){ .bytes = { 0x20, 0x01, 0x0d, 0xb8, [7] = n & 3, [15] = n } }
                           : address_by_number(ip, n);
    if (what & 4)
        ipv6_reduce_mtu(ip, &head.destination, (uint32_t)take(in) << 4);
    if (what & 16)
        ipv6_learn_mtu(ip, &head.destination, (uint32_t)take(in) << 4);
    if (what & 8)
        ipv6_confirm(ip, &head.destination);
    struct buf *b = buf_alloc(len);
    if (b != NULL)
        memset(b->data, 0, len);
    IGNORE(ipv6_write(ip, &head, b));
}

static err fuzz_entry(void *arg)
{
    struct input *in = arg;
    struct ipv6 *ip;

    accept_ra = true;
    fuzz_eth = (struct eth){ 0 };
    TRY(ipv6_connect(&ip, &fuzz_eth, &fuzz_generator));
    ipv6_listen_udp(ip, ip);
    ipv6_listen_icmp(ip, ip);
    while (in->len > 0) {
        uint8_t what = take(in);
        if ((what & 0xc0) == 0xc0)
            os_sleep(MILLISECONDS(100) << (what & 15));
        else if ((what & 0xc0) == 0x80)
            send(ip, in, what);
        else
            receive(ip, in, what);
        CHECK((ip->waiting.count == 0) == (ip->waiting.pinned == 0));
        CHECK(ip->waiting.count <= 8 && ip->neighbour_count.value <= 8 && ip->group_count <= IPV6_GROUPS_MAX);
    }
    ipv6_disconnect(ip);
    CHECK(fuzz_eth.joined == 0);
    return OK;
}
