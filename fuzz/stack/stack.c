/*
 * Fuzzes a whole running stack with a sequence of frames: Ethernet, ARP, IPv4, IPv6 with neighbour discovery,
 * ICMP, UDP, TCP, and the DHCP and DNS clients on them, connected as `mirage` connects them. Between the
 * frames time passes, and an application reads, writes, opens and closes, as the input says. In the end
 * everything is closed, and nothing may be left.
 */
#include "application.h"
#include "lines.h"

struct eth;
struct arp;
struct ipv4;
struct ipv6;
struct stack;
struct dhcp_client;

err eth_connect(struct eth **out, struct net *net);
err arp_connect(struct arp **out, struct eth *eth, struct random *random);
err ipv4_connect(struct ipv4 **out, struct eth *eth, struct arp *arp, struct random *random);
err ipv6_connect(struct ipv6 **out, struct eth *eth, struct random *random);
err ip_connect(struct ip **out, struct ipv4 *v4, struct ipv6 *v6);
err icmp_connect(struct icmp **out, struct ip *ip, struct random *random);
err udp_connect(struct udp **out, struct ip *ip, struct icmp *icmp, struct random *random);
err tcp_connect(struct tcp **out, struct ip *ip, struct icmp *icmp, struct random *random);
err stack_connect(struct stack **out, struct ip *ip, struct udp *udp, struct tcp *tcp);
err dhcp_client_connect(struct dhcp_client **out, struct ipv4 *ipv4, struct stack *stack,
                        struct random *random);
err dns_client_connect(struct dns_client **out, struct stack *stack, struct random *random);
DEVICE(eth);
DEVICE(arp);
DEVICE(ipv4);
DEVICE(ipv6);
DEVICE(stack);
DEVICE(dhcp_client);

extern const struct arg mirage_arg_ipv4, mirage_arg_ipv4_gateway, mirage_arg_ipv6, mirage_arg_ipv6_gateway,
    dhcp_client_arg_dhcp, mirage_arg_nameserver;

static struct {
    struct eth *eth;
    struct arp *arp;
    struct ipv4 *v4;
    struct ipv6 *v6;
    struct stack *stack;
    struct dhcp_client *dhcp;
} host;

/* Set the runtime arguments, as a command line would. */
static void configure(bool dhcp)
{
    static struct ip_addr server = IP_V4(10, 0, 0, 1);
    fuzz_net.self[0] = IP_V4(10, 0, 0, 2);
    fuzz_net.self[1] = fuzz_net.self[2] = (struct ip_addr){ .bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 } };
    *(struct ip_cidr *)mirage_arg_ipv4.value =
        dhcp ? (struct ip_cidr){ 0 } : (struct ip_cidr){ fuzz_net.self[0], 24 };
    *(struct ip_addr *)mirage_arg_ipv4_gateway.value = dhcp ? IP_ANY : peers4[0];
    *(struct ip_cidr *)mirage_arg_ipv6.value = (struct ip_cidr){ fuzz_net.self[1], 64 };
    *(struct ip_addr *)mirage_arg_ipv6_gateway.value = peers6[0];
    *(bool *)dhcp_client_arg_dhcp.value = dhcp;
    *(struct arg_ips *)mirage_arg_nameserver.value =
        dhcp ? (struct arg_ips){ 0 } : (struct arg_ips){ 1, &server };
}

static err connect_all(void)
{
    struct random *random = &fuzz_generator;
    TRY(eth_connect(&host.eth, &fuzz_net));
    TRY(arp_connect(&host.arp, host.eth, random));
    TRY(ipv4_connect(&host.v4, host.eth, host.arp, random));
    TRY(ipv6_connect(&host.v6, host.eth, random));
    TRY(ip_connect(&app.ip, host.v4, host.v6));
    TRY(icmp_connect(&app.icmp, app.ip, random));
    TRY(udp_connect(&app.udp, app.ip, app.icmp, random));
    TRY(tcp_connect(&app.tcp, app.ip, app.icmp, random));
    TRY(stack_connect(&host.stack, app.ip, app.udp, app.tcp));
    TRY(dhcp_client_connect(&host.dhcp, host.v4, host.stack, random));
    return dns_client_connect(&app.names, host.stack, random);
}

static void disconnect_all(void)
{
    dns_client_disconnect(app.names);
    dhcp_client_disconnect(host.dhcp);
    stack_disconnect(host.stack);
    tcp_disconnect(app.tcp);
    udp_disconnect(app.udp);
    icmp_disconnect(app.icmp);
    ip_disconnect(app.ip);
    ipv6_disconnect(host.v6);
    ipv4_disconnect(host.v4);
    arp_disconnect(host.arp);
    eth_disconnect(host.eth);
}

static void one_frame(struct input *in)
{
    static void (*const kinds[])(struct input * in) = {
        frame_tcp,   frame_tcp,    frame_tcp,       frame_tcp, frame_tcp,       frame_udp,
        frame_icmp,  frame_router, frame_neighbour, frame_arp, frame_reflected, frame_reflected,
        frame_lease, frame_answer, frame_raw,       frame_udp,
    };
    uint8_t what = take(in);
    /* What is not made as TCP, UDP or ARP may be a segment all the same, or an error about one. */
    if ((what & 15) > 5 && (what & 15) != 9 && (what & 15) != 15)
        note_news_of_all(&fuzz_net);
    if ((what & 47) == 46)
        frame_sparse(in);
    else
        kinds[what & 15](in);
    /* Several frames may arrive in one turn of the loop. */
    if (!(what & 16))
        os_sleep(MICROSECONDS(10));
}

/* The last two frames come again and again, in turn, which is no news for the host. */
static void say_again(struct input *in)
{
    unsigned times = 16 + (take(in) & 63);
    for (unsigned i = 0; i < times && fuzz_net.delivered >= 2; i++) {
        struct frame frame = fuzz_net.said[fuzz_net.delivered % 2];
        deliver(in, frame.bytes, frame.len, 0);
        os_sleep(MICROSECONDS(10));
    }
}

/* How much the host had sent and heard before a step. */
struct before {
    size_t written, segments, empty, delivered;
};

static struct before before_step(void)
{
    return (struct before){ fuzz_net.written, fuzz_net.segments, fuzz_net.empty, fuzz_net.delivered };
}

/*
 * The most memory that all buffers may pin. With the units' limits TCP holds 100 kB, and what each connection
 * may always have in order. Other queues hold some packets each, and an input has room for few full
 * fragments.
 */
static const size_t HELD_MOST = (size_t)3 << 19;

static size_t memory_held(const struct buf_stats *stats)
{
    return (stats->pages - stats->heap_pieces) * 4096 + stats->heap_bytes + stats->views * 64;
}

/*
 * Check that buffers and answers stay within their bounds, whatever comes in. One acknowledgement may release
 * everything that TCP has to send, in the smallest segments. But segments without payload come of frames, a
 * few of each: the acknowledgements of those before may wait until now, and a few timers may expire.
 */
static void check_bounds(const struct before *before, bool frame)
{
    enum { EMPTY_OF_FRAME = 4, EMPTY_LATER = 32 };
    struct buf_stats stats;
    struct os_stats os;
    buf_get_stats(&stats);
    os_get_stats(&os);
    CHECK(memory_held(&stats) <= HELD_MOST);
    CHECK(os.fibers <= 100 && os.timers <= 200);
    size_t segments = fuzz_net.segments - before->segments;
    CHECK(segments <= 3000 && fuzz_net.written - before->written - segments <= 500);
    size_t frames = fuzz_net.delivered - before->delivered;
    CHECK(!frame || fuzz_net.empty - before->empty <= EMPTY_OF_FRAME * frames + EMPTY_LATER);
}

/* Send the next frame up to 64 times. */
static void flood(struct input *in)
{
    uint8_t times = take(in) & 63;
    struct input same = *in;
    for (int i = 0; i <= times; i++) {
        struct before before = before_step();
        *in = same;
        one_frame(in);
        check_bounds(&before, true);
    }
}

static void step(struct input *in)
{
    uint8_t what = take(in);
    struct before before = before_step();
    answer_neighbours(in);
    if (what >= 160 && what < 170) {
        flood(in);
        return;
    }
    if (what < 160)
        one_frame(in);
    else if (what < 225)
        application(in);
    else if (what == 255)
        say_again(in);
    else
        os_sleep(MICROSECONDS(1) << (what & 31) % 30);
    check_bounds(&before, what < 170 || what == 255);
}

/*
 * Check what happens when nobody answers any more. Within two hours every connection has ended. A DHCP client
 * that is bound may leave datagrams in its socket's queue, and nothing else waits.
 */
static void check_silence(bool dhcp)
{
    struct buf_stats stats;
    os_sleep(HOURS(1));
    size_t written = fuzz_net.written, segments = fuzz_net.segments;
    os_sleep(HOURS(1));
    buf_get_stats(&stats);
    CHECK(fuzz_net.segments == segments && fuzz_net.written - written <= 500);
    CHECK(stats.views <= (dhcp ? 64 : 0));
}

static err fuzz_entry(void *arg)
{
    struct input *in = arg;
    uint8_t how = take(in);
    memset(&fuzz_net, 0, sizeof fuzz_net);
    lines_begin();
    fuzz_net.offloads = how & 1 ? NETWORK_CSUM_OUT | NETWORK_TSO4 | NETWORK_TSO6 | NETWORK_USO : 0;
    fuzz_net.offloads |= how & 2 ? NETWORK_CSUM_IN : 0;
    fuzz_net.silent = how & 4;
    fuzz_net.paged = how & 32;
    configure(how & 8);
    TRY(connect_all());
    application_begin();
    while (in->len > 0)
        step(in);
    application_end();
    if (!(how & 16))
        check_silence(how & 8);
    disconnect_all();
    return OK;
}
