/*
 * Who gives way when there are too many flows.
 *
 * A host has a quota, and within it the least recently used of its own flows give way, but for TCP
 * connections that are open: they are kept for the time that RFC 5382 (REQ-5) asks for, and another flow is
 * refused instead. When all of the table is in use, the host with the greatest share of it gives way to one
 * with a smaller share, so that no host loses anything by what another one does, even if that one takes many
 * addresses. Open connections give way only when nothing else is left, and only those of a host that has more
 * of them than the one that asks has.
 */
#include "nat.h"

INTERNAL void nat_tally_add(struct nat_tally *tally, struct nat_share *share, int by)
{
    if (share->count > 0)
        os_list_remove(&tally->by_count[share->count], share, node);
    share->count += (uint32_t)by;
    if (share->count > 0)
        os_list_append(&tally->by_count[share->count], share, node);
    if (share->count > tally->most)
        tally->most = share->count;
    while (tally->most > 0 && tally->by_count[tally->most].first == NULL)
        tally->most--;
}

static void evict(struct nat *nat, struct nat_share *share)
{
    metric_add(&nat->evicted, 1);
    nat_flow_drop(nat, share->flows.first);
}

/*
 * Let the host with the greatest share of this kind lose a flow, if it has more than `own` and the new one.
 */
static bool evict_from_greatest(struct nat *nat, enum nat_share_kind kind, uint32_t own)
{
    struct nat_tally *tally = &nat->tallies[kind];

    if (tally->most <= own + 1)
        return false;
    evict(nat, tally->by_count[tally->most].first);
    return true;
}

static bool evict_own(struct nat *nat, struct nat_host *host)
{
    if (host == NULL || host->shares[NAT_SHARE_BRIEF].count == 0)
        return false;
    evict(nat, &host->shares[NAT_SHARE_BRIEF]);
    return true;
}

INTERNAL bool nat_make_room(struct nat *nat, uint32_t address)
{
    struct nat_host *host = nat_host_find(nat, address);
    uint32_t brief = host != NULL ? host->shares[NAT_SHARE_BRIEF].count : 0;
    uint32_t open = host != NULL ? host->shares[NAT_SHARE_OPEN].count : 0;

    if (brief + open >= NAT_HOST_FLOWS)
        return evict_own(nat, host);
    if (nat->flow_count.value < NAT_FLOWS)
        return true;
    return evict_from_greatest(nat, NAT_SHARE_BRIEF, brief) || evict_own(nat, host) ||
           evict_from_greatest(nat, NAT_SHARE_OPEN, open);
}
