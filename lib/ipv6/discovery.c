/* Neighbour solicitations, advertisements and redirects (RFC 4861, sections 7.2 and 8; RFC 7527). */
#include "ipv6.h"

static void put_link_option(uint8_t *p, enum ndp_option kind, const struct ethernet_address *mac)
{
    p[0] = (uint8_t)kind;
    p[1] = 1;
    memcpy(p + 2, mac->bytes, 6);
}

static struct buf *message_new(enum ndp_type type, size_t len)
{
    struct buf *b = buf_alloc(len);
    if (b != NULL) {
        memset(b->data, 0, len);
        b->data[0] = (uint8_t)type;
    }
    return b;
}

INTERNAL void discovery_solicit(struct ipv6 *ip, const struct ip_addr *target,
                                const struct ip_addr *destination)
{
    const struct ipv6_address *source = address_select(ip, target);
    struct buf *b = source == NULL ? NULL : message_new(NDP_NEIGHBOUR_SOLICITATION, 32);

    if (b == NULL)
        return;
    memcpy(b->data + NDP_TARGET, target->bytes, 16);
    /*
     * RFC 4429, section 3.1, would omit our link address while the source is still probed. But Linux does not
     * answer a solicitation without it from a host that it does not know, and each boot would wait a second
     * for its first packet.
     */
    put_link_option(b->data + 24, NDP_SOURCE_LINK, &ip->mac);
    ipv6_send_message(ip, &source->addr, destination, NDP_HOP_LIMIT, b, NULL);
}

/*
 * RFC 4862, section 5.4.2: probe an address. The nonce of RFC 7527 distinguishes a looped probe from another
 * host's.
 */
INTERNAL void discovery_probe(struct ipv6 *ip, struct ipv6_address *a)
{
    struct buf *b = message_new(NDP_NEIGHBOUR_SOLICITATION, 32);
    struct ip_addr group = ipv6_solicited_node(&a->addr);

    if (b == NULL)
        return;
    random_fill(ip->random, a->nonce, sizeof a->nonce);
    memcpy(b->data + NDP_TARGET, a->addr.bytes, 16);
    b->data[24] = NDP_NONCE_OPTION;
    b->data[25] = 1;
    memcpy(b->data + 26, a->nonce, NDP_NONCE);
    ipv6_send_message(ip, &IP_ANY, &group, NDP_HOP_LIMIT, b, NULL);
}

/* `link` is where the destination's link address is known from its question; NULL: from the table. */
static void advertise(struct ipv6 *ip, const struct ipv6_address *a, const struct ip_addr *destination,
                      uint8_t flags, const struct ethernet_address *link)
{
    struct buf *b = message_new(NDP_NEIGHBOUR_ADVERTISEMENT, 32);

    if (b == NULL)
        return;
    b->data[4] = (uint8_t)(flags | (a->state == ADDRESS_READY ? NDP_OVERRIDE : 0));
    memcpy(b->data + NDP_TARGET, a->addr.bytes, 16);
    put_link_option(b->data + 24, NDP_TARGET_LINK, &ip->mac);
    if (link != NULL)
        ipv6_send_message_back(ip, &a->addr, destination, NDP_HOP_LIMIT, b, link);
    else
        ipv6_send_message(ip, &a->addr, destination, NDP_HOP_LIMIT, b, NULL);
}

INTERNAL void discovery_announce(struct ipv6 *ip, const struct ipv6_address *a)
{
    advertise(ip, a, &ipv6_all_nodes, 0, NULL);
}

/* Whether the link address in an option is ours. A message of ours may come back by a loop. */
static bool is_own_link(const struct ipv6 *ip, const struct ethernet_address *mac)
{
    return memcmp(mac, &ip->mac, sizeof *mac) == 0;
}

/*
 * Answer a solicitation. One from an address that is not on the link is answered, as routers may ask so, but
 * it does not make a neighbour of that address (RFC 5942, section 4).
 */
static void answer(struct ipv6 *ip, const struct ipv6_address *a, const struct ip_addr *asker,
                   const struct ethernet_address *told)
{
    bool near = ipv6_is_on_link(ip, asker) || neighbour_find(ip, asker) != NULL;

    if (near && told != NULL)
        neighbour_told(ip, asker, told, false);
    if (near || told != NULL)
        advertise(ip, a, asker, NDP_SOLICITED, told);
}

/* Sections 7.1.1 and 7.2.3. */
static bool receive_solicitation(struct ipv6 *ip, const uint8_t *p, size_t len, const struct ip_head *head)
{
    struct ip_addr target = ipv6_addr(p + NDP_TARGET), group = ipv6_solicited_node(&target);
    bool probe = ip_is_any(&head->source);
    struct ethernet_address mac;
    bool told = ndp_link_address(p, len, NDP_SOURCE_LINK, &mac);

    if (ipv6_is_multicast(&target) || (probe && (told || !ip_equal(&head->destination, &group))))
        return false;
    if (told && is_own_link(ip, &mac))
        return address_find(ip, &head->source) != NULL;
    struct ipv6_address *a = address_find(ip, &target);
    if (a == NULL)
        return true;
    if (probe && a->state != ADDRESS_READY) {
        const uint8_t *nonce = ndp_find(p, len, NDP_NONCE_OPTION, 8);
        if (nonce == NULL || memcmp(nonce + 2, a->nonce, NDP_NONCE) != 0)
            address_is_duplicate(ip, a);
        return true;
    }
    if (!address_is_usable(a) || address_find(ip, &head->source) != NULL)
        return true;
    if (probe) {
        advertise(ip, a, &ipv6_all_nodes, 0, NULL);
        return true;
    }
    answer(ip, a, &head->source, told ? &mac : NULL);
    return true;
}

/* Sections 7.1.2 and 7.2.5; RFC 4862, section 5.4.4. */
static bool receive_advertisement(struct ipv6 *ip, const uint8_t *p, size_t len, const struct ip_head *head)
{
    struct ip_addr target = ipv6_addr(p + NDP_TARGET);
    struct ethernet_address mac;
    bool told = ndp_link_address(p, len, NDP_TARGET_LINK, &mac);
    char text[IP_TEXT_SIZE];

    if (ipv6_is_multicast(&target) || (ipv6_is_multicast(&head->destination) && (p[4] & NDP_SOLICITED) != 0))
        return false;
    struct ipv6_address *a = address_find(ip, &target);
    if (a != NULL) {
        /* Our own multicast packets may come back. */
        if (told && is_own_link(ip, &mac))
            return true;
        if (a->state != ADDRESS_READY)
            address_is_duplicate(ip, a);
        else
            log_warning("%s is claimed by another host too", ip_format(&target, text));
        return true;
    }
    if (told && is_own_link(ip, &mac))
        return false;
    if (!neighbour_advertised(ip, &target, told ? &mac : NULL, p[4]))
        router_forget(ip, &target);
    return true;
}

/* The place of a redirect: that of an earlier one for this destination, or the oldest. */
static struct ipv6_redirect *redirect_place(struct ipv6 *ip, const struct ip_addr *destination)
{
    for (size_t i = 0; i < IPV6_REDIRECTS_MAX; i++)
        if (ip_equal(&ip->redirects[i].destination, destination))
            return &ip->redirects[i];
    return &ip->redirects[ip->next_redirect++ % IPV6_REDIRECTS_MAX];
}

/*
 * Sections 8.1 and 8.3: a redirect counts only when it comes from the router that we use for the destination.
 */
static bool receive_redirect(struct ipv6 *ip, const uint8_t *p, size_t len, const struct ip_head *head)
{
    struct ip_addr target = ipv6_addr(p + NDP_TARGET), destination = ipv6_addr(p + NDP_REDIRECT_DESTINATION);
    struct ethernet_address mac;

    if (!ipv6_is_link_local(&head->source) || ipv6_is_multicast(&destination) || ip_is_v4(&destination) ||
        (!ipv6_is_link_local(&target) && !ip_equal(&target, &destination)) || ipv6_is_multicast(&target) ||
        address_find(ip, &target) != NULL)
        return false;
    const struct ipv6_path *path = ipv6_path(ip, &destination);
    /* A neighbour is no router on the way to itself. */
    if (path->way != IPV6_DIRECT || !ip_equal(&path->next_hop, &head->source) ||
        ip_equal(&path->next_hop, &destination))
        return false;
    bool told = ndp_link_address(p, len, NDP_TARGET_LINK, &mac);
    if (told && is_own_link(ip, &mac))
        return false;
    struct ipv6_redirect *r = redirect_place(ip, &destination);
    /* A redirect by the target of an earlier one ends with the router that began. */
    if (!ip_equal(&r->destination, &destination))
        *r = (struct ipv6_redirect){ destination, target, head->source };
    r->target = target;
    if (told)
        neighbour_told(ip, &target, &mac, !ip_equal(&target, &destination));
    ipv6_changed(ip);
    return true;
}

INTERNAL void discovery_receive(struct ipv6 *ip, struct buf *message, const struct ip_head *head)
{
    size_t len = buf_len(message);
    bool fine = false;

    message = len <= IPV6_MESSAGE_MAX ? buf_pull_up(message, len) : message;
    if (message == NULL)
        return;
    const uint8_t *p = message->data;
    if (len > IPV6_MESSAGE_MAX) {
        fine = false;
    } else if (p[0] == MLD_QUERY) {
        group_asked(ip, p, len, head);
        fine = true;
    } else if (head->hop_limit == NDP_HOP_LIMIT && ndp_check(p, len) == OK) {
        switch (p[0]) {
        case NDP_NEIGHBOUR_SOLICITATION: fine = receive_solicitation(ip, p, len, head); break;
        case NDP_NEIGHBOUR_ADVERTISEMENT: fine = receive_advertisement(ip, p, len, head); break;
        case NDP_REDIRECT: fine = receive_redirect(ip, p, len, head); break;
        case NDP_ROUTER_ADVERTISEMENT:
            /* We are no router, so one that has our address is forged. */
            fine = ipv6_is_link_local(&head->source) && address_find(ip, &head->source) == NULL;
            if (fine && ip->accept_ra)
                router_receive(ip, p, len, head);
            break;
        default: fine = true; /* router solicitations are not for hosts */
        }
    }
    if (!fine) {
        metric_add(&ip->ndp_refused, 1);
        log_debug("refused a message of neighbour discovery, type %u", p[0]);
    }
    buf_free(message);
}
