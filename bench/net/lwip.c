/*
 * lwip TAP ADDRESS NETMASK runs the services of the bench on lwIP's raw API, over an existing tap. Debian's
 * liblwip is the port with threads: this program runs in the thread of the stack, and another thread reads
 * the tap. lwIP's own driver for taps writes past the end of its buffers when a frame is longer than 600
 * bytes, so this program has another one.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <lwip/init.h>
#include <lwip/ip4_addr.h>
#include <lwip/tcp.h>
#include <lwip/tcpip.h>
#include <lwip/udp.h>
#include <netif/ethernet.h>
#include <lwip/etharp.h>
#include <lwip/sys.h>

#include "server/ports.h"

enum { CHUNK = 16384, FRAME = 1514, PIECES = 64 };

static const char chunk[CHUNK];

static err_t end(struct tcp_pcb *pcb)
{
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    if (tcp_close(pcb) == ERR_OK)
        return ERR_OK;
    tcp_abort(pcb);
    return ERR_ABRT;
}

static err_t discard(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    (void)arg, (void)error;
    if (p == NULL)
        return end(pcb);
    tcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
}

/* This bench only sends short messages, which fit into the send buffer. */
static err_t echo(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    (void)arg, (void)error;
    if (p == NULL)
        return end(pcb);
    for (const struct pbuf *q = p; q != NULL; q = q->next)
        if (tcp_write(pcb, q->payload, q->len, TCP_WRITE_FLAG_COPY) != ERR_OK)
            break;
    tcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    tcp_output(pcb);
    return ERR_OK;
}

static err_t fill(void *arg, struct tcp_pcb *pcb, u16_t acknowledged)
{
    (void)arg, (void)acknowledged;
    while (tcp_sndbuf(pcb) > 0) {
        u16_t n = tcp_sndbuf(pcb) < CHUNK ? (u16_t)tcp_sndbuf(pcb) : CHUNK;
        if (tcp_write(pcb, chunk, n, 0) != ERR_OK)
            break;
    }
    tcp_output(pcb);
    return ERR_OK;
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t error)
{
    unsigned port = (unsigned)(size_t)arg;
    if (error != ERR_OK || pcb == NULL)
        return ERR_VAL;
    tcp_nagle_disable(pcb);
    if (port == PORT_CLOSE)
        return end(pcb);
    tcp_recv(pcb, port == PORT_ECHO ? echo : discard);
    if (port == PORT_SOURCE) {
        tcp_sent(pcb, fill);
        return fill(NULL, pcb, 0);
    }
    return ERR_OK;
}

static void echo_datagram(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *addr, u16_t port)
{
    (void)arg;
    udp_sendto(pcb, p, addr, port);
    pbuf_free(p);
}

static void listen_on(unsigned port)
{
    struct tcp_pcb *pcb = tcp_new();
    if (pcb == NULL || tcp_bind(pcb, IP_ANY_TYPE, (u16_t)port) != ERR_OK ||
        (pcb = tcp_listen_with_backlog(pcb, 255)) == NULL)
        errx(1, "port %u", port);
    tcp_arg(pcb, (void *)(size_t)port);
    tcp_accept(pcb, accepted);
}

static int tap;

static err_t send_frame(struct netif *netif, struct pbuf *p)
{
    struct iovec iov[PIECES];
    int count = 0;
    (void)netif;
    for (const struct pbuf *q = p; q != NULL && count < PIECES; q = q->next)
        iov[count++] = (struct iovec){ q->payload, q->len };
    return writev(tap, iov, count) < 0 ? ERR_IF : ERR_OK;
}

static void read_frames(void *arg)
{
    struct netif *netif = arg;
    static char frame[FRAME];
    ssize_t n;
    while ((n = read(tap, frame, sizeof frame)) > 0) {
        struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)n, PBUF_RAM);
        if (p == NULL)
            continue;
        pbuf_take(p, frame, (u16_t)n);
        if (netif->input(p, netif) != ERR_OK)
            pbuf_free(p);
    }
    err(1, "tap");
}

static err_t init_tap(struct netif *netif)
{
    static const u8_t address[6] = { 2, 0, 0, 0, 1, 1 };
    memcpy(netif->name, "tp", 2);
    memcpy(netif->hwaddr, address, sizeof address);
    netif->hwaddr_len = sizeof address;
    netif->mtu = FRAME - 14;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    netif->output = etharp_output;
    netif->linkoutput = send_frame;
    sys_thread_new("tap", read_frames, netif, 0, 0);
    return ERR_OK;
}

static void open_tap(const char *name)
{
    struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if ((tap = open("/dev/net/tun", O_RDWR)) < 0 || ioctl(tap, TUNSETIFF, &request) != 0)
        err(1, "%s", name);
}

static char *const *arguments;

static void start(void *arg)
{
    static struct netif netif;
    ip4_addr_t address, mask, gateway = { 0 };
    struct udp_pcb *udp = udp_new();
    (void)arg;
    if (!ip4addr_aton(arguments[2], &address) || !ip4addr_aton(arguments[3], &mask))
        errx(2, "an address and a netmask, as 10.0.0.2 255.255.255.0");
    if (netif_add(&netif, &address, &mask, &gateway, NULL, init_tap, tcpip_input) == NULL)
        errx(1, "no interface");
    netif_set_default(&netif);
    netif_set_up(&netif);
    netif_set_link_up(&netif);
    listen_on(PORT_DISCARD);
    listen_on(PORT_SOURCE);
    listen_on(PORT_ECHO);
    listen_on(PORT_CLOSE);
    if (udp == NULL || udp_bind(udp, IP_ANY_TYPE, PORT_ECHO) != ERR_OK)
        errx(1, "udp");
    udp_recv(udp, echo_datagram, NULL);
    fprintf(stderr, "ready\n");
}

int main(int argc, char *argv[])
{
    if (argc != 4)
        errx(2, "usage: lwip TAP ADDRESS NETMASK");
    arguments = argv;
    open_tap(argv[1]);
    tcpip_init(start, NULL);
    for (;;)
        pause();
}
