/* Fuzzes a running Ethernet module with frames. */
#include "ethernet_unit.h" /* of `units` */

#include "host.h"

struct net {
    void *ctx;
};
static struct net fuzz_net;

void net_info(struct net *net, struct network_info *out)
{
    (void)net;
    *out = (struct network_info){ .mac = { 2, 0, 0, 0, 0, 1 }, .mtu = 1500 };
}

err net_write(struct net *net, struct buf *frame)
{
    (void)net;
    CHECK(frame->len >= ETHERNET_HEADER);
    buf_free(frame);
    return OK;
}

void net_listen(struct net *net, void *ctx)
{
    net->ctx = ctx;
}

static void check_raised(struct buf *packet)
{
    CHECK(packet != NULL && buf_len(packet) > 0);
    buf_free(packet);
}

void ethernet_on_arp(void *ctx, struct buf *packet, bool group)
{
    (void)ctx, (void)group;
    check_raised(packet);
}
void ethernet_on_ipv4(void *ctx, struct buf *packet, bool group)
{
    (void)ctx, (void)group;
    check_raised(packet);
}
void ethernet_on_ipv6(void *ctx, struct buf *packet, bool group)
{
    (void)ctx, (void)group;
    check_raised(packet);
}

static err fuzz_entry(void *arg)
{
    struct input *in = arg;
    struct ethernet *eth;
    struct ethernet_address group = { { 0x33, 0x33, 0, 0, 0, 0 } };

    TRY(ethernet_connect(&eth, &fuzz_net));
    ethernet_listen_arp(eth, eth);
    ethernet_listen_ipv4(eth, eth);
    ethernet_listen_ipv6(eth, eth);
    while (in->len > 0) {
        uint8_t what = take(in);
        group.bytes[5] = what & 0x7f;
        if (what & 0x80) {
            if (what & 0x40)
                IGNORE(ethernet_join(eth, &group));
            else
                ethernet_leave(eth, &group);
            IGNORE(ethernet_write(eth, &group, ETHERNET_IPV6, take_packet(in, 0, what & 7)));
        } else {
            net_on_frame(fuzz_net.ctx, split(take_packet(in, 0, 64), what & 31, what & 0x20));
        }
    }
    ethernet_disconnect(eth);
    return OK;
}
