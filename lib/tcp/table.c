/* Connections by four-tuple, in a table that grows and shrinks; listeners by port. */
#include "private.h"

#include <stdlib.h>

enum { TABLE_LEAST = 64 };

static bool ends_equal(const struct ends *a, const struct ends *b)
{
    return a->remote_port == b->remote_port && a->local_port == b->local_port &&
           ip_equal(&a->remote, &b->remote) && ip_equal(&a->local, &b->local);
}

INTERNAL struct node *table_find(const struct tcp *tcp, const struct ends *ends)
{
    if (tcp->table == NULL)
        return NULL;
    struct node *node = tcp->table[ends_hash(tcp, ends) & tcp->table_mask];
    while (node != NULL && !ends_equal(&node->ends, ends))
        node = node->next;
    return node;
}

/* Without memory for a new table the old one stays: its chains are longer, but it is correct. */
static err table_resize(struct tcp *tcp, uint32_t size)
{
    struct node **fresh = calloc(size, sizeof *fresh);
    if (fresh == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; tcp->table != NULL && i <= tcp->table_mask; i++)
        for (struct node *node = tcp->table[i], *next; node != NULL; node = next) {
            struct node **bucket = &fresh[ends_hash(tcp, &node->ends) & (size - 1)];
            next = node->next;
            node->next = *bucket;
            *bucket = node;
        }
    free(tcp->table);
    tcp->table = fresh;
    tcp->table_mask = size - 1;
    return OK;
}

INTERNAL err table_insert(struct tcp *tcp, struct node *node)
{
    if (tcp->table == NULL)
        TRY(table_resize(tcp, TABLE_LEAST));
    else if (tcp->table_count > tcp->table_mask)
        IGNORE(table_resize(tcp, 2 * (tcp->table_mask + 1)));
    struct node **bucket = &tcp->table[ends_hash(tcp, &node->ends) & tcp->table_mask];
    node->next = *bucket;
    *bucket = node;
    tcp->table_count++;
    return OK;
}

INTERNAL void table_remove(struct tcp *tcp, struct node *node)
{
    struct node **link = &tcp->table[ends_hash(tcp, &node->ends) & tcp->table_mask];
    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    tcp->table_count--;
    if (tcp->table_mask >= 2 * TABLE_LEAST && tcp->table_count < tcp->table_mask / 8)
        IGNORE(table_resize(tcp, (tcp->table_mask + 1) / 2));
}

/* A listener on the address itself precedes one on every address. */
INTERNAL struct tcp_listener *listener_find(const struct tcp *tcp, const struct ip_addr *local, uint16_t port)
{
    struct tcp_listener *any = NULL;
    for (struct tcp_listener *l = tcp->listeners[port % LISTENER_BUCKETS]; l != NULL; l = l->next) {
        if (l->port != port)
            continue;
        if (ip_equal(&l->local, local))
            return l;
        if (ip_is_any(&l->local))
            any = l;
    }
    return any;
}

/* Whether some listener already has the port on this address, or on every one. */
INTERNAL bool listener_conflicts(const struct tcp *tcp, const struct ip_addr *local, uint16_t port)
{
    for (struct tcp_listener *l = tcp->listeners[port % LISTENER_BUCKETS]; l != NULL; l = l->next)
        if (l->port == port && (ip_is_any(local) || ip_is_any(&l->local) || ip_equal(&l->local, local)))
            return true;
    return false;
}
