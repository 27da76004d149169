/*
 * An Ethernet switch in memory, to join networks of one program; named() makes another one.
 *
 * It is a learning bridge, as IEEE 802.1D without spanning tree. An address that is heard at another port has
 * moved there; one that was not heard for long is flooded again. The table is bounded: a flood of made-up
 * addresses replaces the oldest, and costs no more than flooding.
 */
#include <mirage/functor.h>
#include <mirage/metric.h>
#include <base/wire/wire.h>

#include <stdlib.h>
#include <string.h>

MODULE(SWITCH, vnet);
LOG_SOURCE(vnet);

KEY_INT(ports, 256, 1, 65535, "ports that it has at most");
KEY_INT(ageing, 300, 1, 1 << 30, "seconds after which an address that is not heard any more is forgotten");

enum { ETHERNET_HEADER = 14, BUCKETS = 256, WAYS = 4 };

struct station {
    uint64_t address; /* 48 bits; 0: free */
    uint16_t port;
    os_time heard;
};

struct vnet {
    struct switch_port **ports; /* by number - 1 */
    size_t used;                /* one more than the number of the last attached port */
    struct station stations[BUCKETS][WAYS];
    struct metric forwarded, flooded, dropped;
};

static const struct metric_row metrics[] = {
    METRIC_ROW(struct vnet, forwarded, COUNTER, "vnet.forwarded", "Frames sent to one port"),
    METRIC_ROW(struct vnet, flooded, COUNTER, "vnet.flooded", "Frames sent to all other ports"),
    METRIC_ROW(struct vnet, dropped, COUNTER, "vnet.dropped", "Frames that no switch may forward"),
};

IO err vnet_connect(struct vnet **out)
{
    struct vnet *vnet = calloc(1, sizeof *vnet);

    if (vnet == NULL)
        return ERR_NO_MEMORY;
    vnet->ports = calloc((size_t)key_ports, sizeof *vnet->ports);
    if (vnet->ports == NULL) {
        free(vnet);
        return ERR_NO_MEMORY;
    }
    metric_register(metrics, vnet, INSTANCE_NAME);
    *out = vnet;
    return OK;
}

IO void vnet_disconnect(struct vnet *vnet)
{
    metric_unregister(metrics, vnet);
    free(vnet->ports);
    free(vnet);
}

err vnet_attach(struct vnet *vnet, struct switch_port *port)
{
    size_t i = 0;

    while (i < vnet->used && vnet->ports[i] != NULL)
        i++;
    if (i == (size_t)key_ports)
        return ERR_NO_SPACE;
    vnet->ports[i] = port;
    port->number = (uint16_t)(i + 1);
    if (vnet->used <= i)
        vnet->used = i + 1;
    return OK;
}

void vnet_detach(struct vnet *vnet, struct switch_port *port)
{
    for (size_t i = 0; i < BUCKETS * WAYS; i++)
        if (vnet->stations[i / WAYS][i % WAYS].port == port->number)
            vnet->stations[i / WAYS][i % WAYS] = (struct station){ 0 };
    vnet->ports[port->number - 1] = NULL;
    port->number = 0;
}

static uint64_t address_at(const uint8_t *p)
{
    return (uint64_t)wire_get16(p) << 32 | wire_get32(p + 2);
}

static bool is_group(uint64_t address)
{
    return address >> 40 & 1;
}

static struct station *bucket_of(struct vnet *vnet, uint64_t address)
{
    return vnet->stations[address * UINT64_C(0x9e3779b97f4a7c15) >> 56];
}

/* Record the port of an address. It replaces the entry of its bucket that was unused for longest. */
static void learn(struct vnet *vnet, uint64_t address, uint16_t port, os_time now)
{
    struct station *bucket = bucket_of(vnet, address), *oldest = bucket;

    for (size_t i = 0; i < WAYS; i++) {
        if (bucket[i].address == address) {
            oldest = &bucket[i];
            break;
        }
        if (bucket[i].heard < oldest->heard)
            oldest = &bucket[i];
    }
    *oldest = (struct station){ address, port, now };
}

static struct switch_port *find(struct vnet *vnet, uint64_t address, os_time now)
{
    const struct station *bucket = bucket_of(vnet, address);

    for (size_t i = 0; i < WAYS; i++)
        if (bucket[i].address == address && now - bucket[i].heard < SECONDS(key_ageing))
            return vnet->ports[bucket[i].port - 1];
    return NULL;
}

static void flood(struct vnet *vnet, const struct switch_port *from, struct buf *frame)
{
    struct switch_port *last = NULL;

    metric_add(&vnet->flooded, 1);
    for (size_t i = 0; i < vnet->used; i++) {
        if (vnet->ports[i] == NULL || vnet->ports[i] == from)
            continue;
        if (last != NULL)
            IGNORE(last->deliver(last->ctx, buf_share(frame)));
        last = vnet->ports[i];
    }
    if (last != NULL)
        IGNORE(last->deliver(last->ctx, frame));
    else
        buf_free(frame);
}

err vnet_forward(struct vnet *vnet, struct switch_port *port, struct buf *frame)
{
    uint8_t head[ETHERNET_HEADER];
    os_time now = os_loop_now();
    uint64_t destination, source;

    if (frame == NULL)
        return ERR_NO_MEMORY;
    if (buf_read_copy(frame, 0, head, sizeof head) != OK)
        goto drop;
    destination = address_at(head);
    source = address_at(head + 6);
    /*
     * Frames to link-local groups (802.1D, table 7-10) are not forwarded. A station's address is never a
     * group.
     */
    if (destination >> 4 == UINT64_C(0x0180c200000) || is_group(source) || source == 0)
        goto drop;
    learn(vnet, source, port->number, now);
    struct switch_port *to = is_group(destination) ? NULL : find(vnet, destination, now);
    if (to == NULL) {
        flood(vnet, port, frame);
        return OK;
    }
    if (to == port)
        goto drop;
    metric_add(&vnet->forwarded, 1);
    return to->deliver(to->ctx, frame);
drop:
    metric_add(&vnet->dropped, 1);
    buf_free(frame);
    return OK;
}
