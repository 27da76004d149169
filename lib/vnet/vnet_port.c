/*
 * A port of a switch in memory; each name is a port of its own.
 *
 * What arrives waits in a bounded queue and is raised in the next turn of the loop, so that two stacks that
 * answer each other neither recurse nor starve the rest. An offload that the sender used and this port's
 * owner does not take is done here, on the way in.
 */
#include <mirage/functor.h>
#include <base/mac/mac.h>
#include <mirage/metric.h>
#include <base/packet/packet.h>
#include <base/wire/wire.h>

#include <stdlib.h>
#include <string.h>

PARAM(SWITCH, vnet);
MODULE(NETWORK, vnet_port);
CATALOG(vnet_port, vnet, port_name);
LOG_SOURCE(vnet);

KEY_STRING(port_name, "", "tells ports with the same constants apart, in metrics too");
KEY_STRING(mac, "", "its address, as 02:00:00:00:00:01; without one it follows from the port's number");
KEY_INT(mtu, 1500, 68, 65535, "payload bytes of a frame");
KEY_BOOL(csum_out, true, "complete the checksums of what is written");
KEY_BOOL(tso, true, "segment TCP: TSO4 and TSO6; wants csum_out");
KEY_BOOL(uso, true, "segment UDP; wants csum_out");
KEY_BOOL(csum_in, true, "give frames without having their checksums completed");
KEY_BOOL(lro, true, "give TCP as it was written, unsegmented; wants csum_in");
KEY_INT(queue, 1024, 1, 1 << 20, "frames that wait for the next turn");
KEY_INT(queue_bytes, 8388608, 82, INT64_C(1) << 40, "memory that these hold at most, bytes");
KEY_RULE(KEY_CONSTANT(queue_bytes) >= KEY_CONSTANT(mtu) + NETWORK_HEADER,
         "the queue has room for a frame of the mtu and its header of 14 bytes");

struct vnet_port {
    struct vnet *vnet;
    struct network_info info;
    struct switch_port port;
    void *ctx; /* the listener's */
    struct os_timer turn;
    size_t head, count, pinned; /* of the ring; `pinned` is the memory that its frames hold */
    struct metric dropped;
    struct buf *ring[];
};

static void deliver_all(void *arg)
{
    struct vnet_port *port = arg;

    /* Frames that arrive meanwhile are for the next turn. */
    for (size_t left = port->count; left > 0 && port->count > 0; left--) {
        struct buf *frame = port->ring[port->head];
        struct packet_finish finish;
        port->head = (port->head + 1) % (size_t)key_queue;
        port->count--;
        port->pinned -= buf_pinned(frame);
        packet_finish_begin(&finish, frame, packet_taken(port->info.offloads));
        while ((frame = packet_finish_next(&finish)) != NULL) {
            if (port->ctx == NULL || packet_exceeds(frame, port->info.mtu)) {
                metric_add(&port->dropped, 1);
                buf_free(frame);
                continue;
            }
            vnet_port_on_frame(port->ctx, frame);
        }
    }
}

/* An empty queue has room for any frame, however much memory it holds. */
static bool is_room(const struct vnet_port *port, size_t pinned)
{
    return port->count == 0 ||
           (port->count < (size_t)key_queue && port->pinned + pinned <= (size_t)key_queue_bytes);
}

static err deliver(void *ctx, struct buf *frame)
{
    struct vnet_port *port = ctx;
    err e = frame == NULL ? ERR_NO_MEMORY : OK;
    size_t pinned = buf_pinned(frame);

    /* A short frame may lie in a large piece of memory. */
    if (e == OK && !is_room(port, pinned)) {
        frame = buf_compact(frame);
        pinned = buf_pinned(frame);
        e = is_room(port, pinned) ? OK : ERR_NO_SPACE;
    }
    /*
     * Set it after this turn's time, so that two stacks that answer each other cannot stay within one turn.
     */
    if (e == OK && !os_timer_is_set(&port->turn))
        e = os_timer_set(&port->turn, os_loop_now() + 1);
    if (e != OK) {
        metric_add(&port->dropped, 1);
        buf_free(frame);
        return e;
    }
    port->ring[(port->head + port->count++) % (size_t)key_queue] = frame;
    port->pinned += pinned;
    return OK;
}

static const struct metric_row metrics[] = {
    METRIC_ROW(struct vnet_port, dropped, COUNTER, "vnet_port.dropped",
               "Frames that found the queue full, nobody listening, or a smaller MTU"),
};

IO err vnet_port_connect(struct vnet_port **out, struct vnet *vnet)
{
    struct vnet_port *port;

    port = calloc(1, sizeof *port + (size_t)key_queue * sizeof *port->ring);
    if (port == NULL)
        return ERR_NO_MEMORY;
    port->vnet = vnet;
    port->port = (struct switch_port){ .deliver = deliver, .ctx = port };
    port->turn = (struct os_timer)OS_TIMER_INIT(deliver_all, port);
    err e = vnet_attach(vnet, &port->port);
    if (e == OK && key_mac[0] != '\0' && !mac_parse(key_mac, port->info.mac)) {
        log_error("'%s' is not the address of one station: six bytes as 02:00:00:00:00:01", key_mac);
        vnet_detach(vnet, &port->port);
        e = ERR_INVALID;
    }
    if (e != OK) {
        free(port);
        return e;
    }
    if (key_mac[0] == '\0')
        wire_put16(wire_put32(port->info.mac, 0x02000000), port->port.number);
    port->info.mtu = (uint16_t)key_mtu;
    port->info.offloads = (key_csum_out ? NETWORK_CSUM_OUT : 0) |
                          (key_csum_out && key_tso ? NETWORK_TSO4 | NETWORK_TSO6 : 0) |
                          (key_csum_out && key_uso ? NETWORK_USO : 0) | (key_csum_in ? NETWORK_CSUM_IN : 0) |
                          (key_csum_in && key_lro ? NETWORK_LRO : 0);
    metric_register(metrics, port, key_port_name);
    *out = port;
    return OK;
}

IO void vnet_port_disconnect(struct vnet_port *port)
{
    vnet_detach(port->vnet, &port->port);
    os_timer_stop(&port->turn);
    for (; port->count > 0; port->count--) {
        buf_free(port->ring[port->head]);
        port->head = (port->head + 1) % (size_t)key_queue;
    }
    metric_unregister(metrics, port);
    free(port);
}

void vnet_port_info(struct vnet_port *port, struct network_info *out)
{
    *out = port->info;
}

void vnet_port_listen(struct vnet_port *port, void *ctx)
{
    port->ctx = ctx;
}

err vnet_port_write(struct vnet_port *port, struct buf *frame)
{
    if (frame == NULL)
        return ERR_NO_MEMORY;
    if (!packet_fits(frame, port->info.offloads) || packet_exceeds(frame, port->info.mtu) ||
        buf_len(frame) > NETWORK_GSO_MAX) {
        buf_free(frame);
        return ERR_INVALID;
    }
    return vnet_forward(port->vnet, &port->port, frame);
}
