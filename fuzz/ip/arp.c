/*
 * Fuzzes a running ARP module with frames. The module has an address, probes another one and looks for
 * neighbours.
 */
#include "arp_unit.h" /* of `units` */

#include "link.h"

static void check_written(struct eth *eth, uint16_t type, struct buf *payload)
{
    (void)eth;
    CHECK(type == ETHERNET_IPV4 || (type == ETHERNET_ARP && buf_len(payload) == ARP_PACKET));
}

void arp_on_conflict(void *ctx, const struct ip_addr *addr, bool lost)
{
    (void)lost;
    CHECK(ctx != NULL && ip_is_v4(addr));
}

static err probe(void *arg)
{
    struct ip_addr addr = IP_V4(10, 0, 0, 9);
    err e = arp_add(arg, &addr, true);
    CHECK(e == OK || e == ERR_EXISTS || e == ERR_CANCELLED);
    return OK;
}

static err fuzz_entry(void *arg)
{
    struct input *in = arg;
    struct arp *arp;
    struct ip_addr own = IP_V4(10, 0, 0, 2);
    struct os_fiber *prober;

    fuzz_eth = (struct eth){ 0 };
    TRY(arp_connect(&arp, &fuzz_eth, &fuzz_generator));
    arp_listen(arp, arp);
    TRY(arp_add(arp, &own, false));
    arp_set_network(arp, &(struct ip_cidr){ own, 24 });
    TRY(os_spawn(&prober, probe, arp));
    while (in->len > 0) {
        uint8_t what = take(in);
        if (what & 0x80) {
            struct ip_addr hop = IP_V4(10, 0, 0, what & 31);
            IGNORE(arp_write(arp, &hop, buf_alloc(20)));
        } else if (what & 0x40) {
            os_sleep(MILLISECONDS(100) << (what & 15));
        } else {
            /* The header is right, so that the rest of the frame is read. */
            struct buf *b = take_packet(in, what & 1 ? 7 : 0, 28);
            if (what & 1)
                memcpy(b->data, (const uint8_t[]){ 0, 1, 8, 0, 6, 4, 0 }, 7);
            eth_on_arp(arp, split(b, what >> 1 & 15, what & 0x20), what & 1);
        }
        CHECK((arp->waiting.count == 0) == (arp->waiting.pinned == 0));
        CHECK(arp->waiting.count <= 8 && arp->neighbours.value <= 8);
    }
    os_cancel(prober);
    IGNORE(os_join(prober));
    arp_disconnect(arp);
    return OK;
}
