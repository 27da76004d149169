/*
 * Ephemeral ports: the double-hash algorithm of RFC 6056, section 3.3.4. The ports for one destination follow
 * one another, so that none is reused soon. Those for another destination begin elsewhere, and say nothing
 * about the first.
 */
#include "private.h"

/*
 * Whether an outgoing connection may replace an old one in TIME-WAIT: RFC 6191, section 2. Once the clock has
 * moved, the time stamp tells the new SYN from the old connection's segments.
 */
static bool port_reusable(const struct time_wait *wait, os_time now)
{
    return wait->timestamps && now - wait->entered > SECONDS(1);
}

/*
 * Set ends->local_port to a port that makes the four-tuple unique. `replaced` receives the connection in
 * TIME-WAIT that has to give way, or NULL. ERR_ADDRESS_IN_USE: all ports are taken.
 */
INTERNAL err port_choose(struct tcp *tcp, struct ends *ends, struct time_wait **replaced, os_time now)
{
    uint32_t count = (uint32_t)(key_port_last - key_port_first + 1);
    ends->local_port = 0;
    uint32_t offset = timestamp_offset(tcp, ends);
    uint32_t *next = &tcp->port_offsets[(offset >> 24) % PORT_TABLE];

    for (uint32_t i = 0; i < count; i++, (*next)++) {
        ends->local_port = (uint16_t)((uint32_t)key_port_first + (offset + *next) % count);
        if (listener_conflicts(tcp, &ends->local, ends->local_port))
            continue;
        struct node *node = table_find(tcp, ends);
        if (node == NULL) {
            *replaced = NULL;
            (*next)++;
            return OK;
        }
        if (node->is_time_wait && port_reusable((struct time_wait *)node, now)) {
            *replaced = (struct time_wait *)node;
            (*next)++;
            return OK;
        }
    }
    return ERR_ADDRESS_IN_USE;
}
