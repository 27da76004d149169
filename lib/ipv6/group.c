/* The multicast groups of this host, and the reports of them to routers and switches (MLDv2, RFC 3810). */
#include "ipv6.h"

enum {
    MLD_RECORD = 20,
    MLD_HEADER = 8,
    MLD_QUERY_LEN = 28,
    MLD_DELAY = 4,
    MLD_GROUP = 8,
    MLD_ROBUSTNESS = 2
};
enum mld_record { MLD_IS_EXCLUDE = 2, MLD_TO_INCLUDE = 3, MLD_TO_EXCLUDE = 4 };

static struct ethernet_address link_group(const struct ip_addr *a)
{
    return (
        struct ethernet_address){ { 0x33, 0x33, a->bytes[12], a->bytes[13], a->bytes[14], a->bytes[15] } };
}

static struct ipv6_group *find(struct ipv6 *ip, const struct ip_addr *addr)
{
    for (size_t i = 0; i < ip->group_count; i++)
        if (ip_equal(&ip->groups[i].addr, addr))
            return &ip->groups[i];
    return NULL;
}

INTERNAL bool group_is_joined(const struct ipv6 *ip, const struct ip_addr *addr)
{
    for (size_t i = 0; i < ip->group_count; i++)
        if (ip_equal(&ip->groups[i].addr, addr))
            return true;
    return false;
}

static void put_record(uint8_t *p, enum mld_record type, const struct ip_addr *group)
{
    memset(p, 0, 4);
    p[0] = (uint8_t)type;
    memcpy(p + 4, group->bytes, 16);
}

/* Send the report, whose records are complete. Takes it. */
static void send_report(struct ipv6 *ip, struct buf *b, size_t count)
{
    /* The hop-by-hop header with the router alert of RFC 2711, and two bytes of padding. */
    static const uint8_t alert[8] = { IP_PROTOCOL_ICMPV6, 0, 5, 2, 0, 0, 1, 0 };
    static const struct ip_addr routers = { .bytes = { 0xff, 0x02, [15] = 0x16 } };
    const struct ipv6_address *source = address_link_local(ip);

    memset(b->data, 0, MLD_HEADER);
    b->data[0] = MLD_REPORT;
    wire_put16(b->data + 6, (uint32_t)count);
    ipv6_send_message(ip, source != NULL ? &source->addr : &IP_ANY, &routers, 1, b, alert);
}

INTERNAL err group_join(struct ipv6 *ip, const struct ip_addr *addr)
{
    struct ipv6_group *g = find(ip, addr);
    struct ethernet_address link = link_group(addr);
    /* RFC 3810, section 6: the all-nodes group is never reported. */
    bool quiet = ip_equal(addr, &ipv6_all_nodes);

    if (g == NULL) {
        if (ip->group_count == IPV6_GROUPS_MAX)
            return ERR_NO_SPACE;
        TRY(eth_join(ip->eth, &link));
        g = &ip->groups[ip->group_count++];
        *g = (struct ipv6_group){ .addr = *addr,
                                  .reports = quiet ? 0 : MLD_ROBUSTNESS,
                                  .report_at = quiet ? OS_NEVER : os_loop_now() };
        ipv6_arm(ip, g->report_at);
    }
    g->uses++;
    return OK;
}

INTERNAL void group_leave(struct ipv6 *ip, const struct ip_addr *addr)
{
    struct ipv6_group *g = find(ip, addr);
    struct ethernet_address link = link_group(addr);

    if (g == NULL || --g->uses > 0)
        return;
    struct ip_addr left = g->addr;
    *g = ip->groups[--ip->group_count];
    eth_leave(ip->eth, &link);
    struct buf *b = buf_alloc(MLD_HEADER + MLD_RECORD);
    if (b == NULL)
        return;
    put_record(b->data + MLD_HEADER, MLD_TO_INCLUDE, &left);
    send_report(ip, b, 1);
}

/* Section 5.1.3: the maximum response delay in milliseconds, or as a small floating-point number of them. */
static os_time response_delay(uint16_t code)
{
    if (code < 0x8000)
        return MILLISECONDS(code);
    return MILLISECONDS((os_time)((code & 0xfff) | 0x1000) << ((code >> 12 & 7) + 3));
}

/* Section 6.2. */
INTERNAL void group_asked(struct ipv6 *ip, const uint8_t *p, size_t len, const struct ip_head *head)
{
    if (len < MLD_QUERY_LEN || head->hop_limit != 1 || !ipv6_is_link_local(&head->source))
        return;
    struct ip_addr group = ipv6_addr(p + MLD_GROUP);
    os_time when = os_loop_now() + ipv6_random_time(ip, response_delay(wire_get16(p + MLD_DELAY)));
    for (size_t i = 0; i < ip->group_count; i++) {
        struct ipv6_group *g = &ip->groups[i];
        if (ip_equal(&g->addr, &ipv6_all_nodes) || (!ip_is_any(&group) && !ip_equal(&g->addr, &group)))
            continue;
        if (when < g->report_at)
            g->report_at = when;
        ipv6_arm(ip, g->report_at);
    }
}

INTERNAL os_time group_age(struct ipv6 *ip, os_time now)
{
    struct buf *b = NULL;
    size_t count = 0;
    os_time next = OS_NEVER;

    for (size_t i = 0; i < ip->group_count; i++) {
        struct ipv6_group *g = &ip->groups[i];
        if (g->report_at > now) {
            next = g->report_at < next ? g->report_at : next;
            continue;
        }
        if (b == NULL && (b = buf_alloc(MLD_HEADER + IPV6_GROUPS_MAX * MLD_RECORD)) == NULL)
            return now + SECONDS(1);
        put_record(b->data + MLD_HEADER + count++ * MLD_RECORD,
                   g->reports > 0 ? MLD_TO_EXCLUDE : MLD_IS_EXCLUDE, &g->addr);
        g->reports = (uint8_t)(g->reports > 0 ? g->reports - 1 : 0);
        g->report_at = g->reports > 0 ? now + ipv6_random_time(ip, SECONDS(1)) : OS_NEVER;
        next = g->report_at < next ? g->report_at : next;
    }
    if (b != NULL) {
        buf_truncate(b, MLD_HEADER + count * MLD_RECORD);
        send_report(ip, b, count);
    }
    return next;
}
