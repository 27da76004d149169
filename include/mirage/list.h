/*
 * The list: items of one type in an order, each linked through a node of its own. Adding an item and taking
 * one out need no memory and take constant time. A zeroed list is empty, and a zeroed node is in no list:
 *
 *     struct job {
 *         OS_LIST_NODE(struct job) node;
 *         ...
 *     };
 *     OS_LIST(struct job) jobs = { 0 };
 *
 *     os_list_append(&jobs, job, node);
 *     for (struct job *j = jobs.first; j != NULL; j = j->node.next)
 *         ...
 *
 * An item that is in several lists has several nodes. A list may not be copied or moved while it has items,
 * since the first of them points into it. A loop that takes items out reads `next` before.
 *
 * Some lists have another form, because of what is done with them for every packet or every switch of fibers:
 * - The fibers that are ready, and TCP's flows that have something to flush, are taken as a whole.
 * - A wait queue has a second head within, behind those who were woken, and is walked backwards.
 * - TCP's retransmission queue is walked both ways, and its records are split and merged.
 * - The chains of hash tables, and what is free, are linked one way only.
 */
#ifndef MIRAGE_LIST_H
#define MIRAGE_LIST_H

#include <stddef.h>

/* `last` is where the next item will be linked. It has a meaning only while there is a first. */
#define OS_LIST(type)        \
    struct {                 \
        type *first, **last; \
    }

/* `link` is what points to the item: the one before, or the list. NULL: the item is in no list. */
#define OS_LIST_NODE(type)  \
    struct {                \
        type *next, **link; \
    }

/* Put an item that is in no list behind the others. `node` is the member's name. */
#define os_list_append(list, item, node)                                                     \
    do {                                                                                     \
        __auto_type list_to_ = (list);                                                       \
        __auto_type list_item_ = (item);                                                     \
        list_item_->node.next = NULL;                                                        \
        list_item_->node.link = list_to_->first != NULL ? list_to_->last : &list_to_->first; \
        *list_item_->node.link = list_item_;                                                 \
        list_to_->last = &list_item_->node.next;                                             \
    } while (0)

/* Put an item that is in no list before the others. */
#define os_list_prepend(list, item, node)                        \
    do {                                                         \
        __auto_type list_to_ = (list);                           \
        __auto_type list_item_ = (item);                         \
        list_item_->node.next = list_to_->first;                 \
        list_item_->node.link = &list_to_->first;                \
        if (list_to_->first != NULL)                             \
            list_to_->first->node.link = &list_item_->node.next; \
        else                                                     \
            list_to_->last = &list_item_->node.next;             \
        list_to_->first = list_item_;                            \
    } while (0)

/* Take out an item that is in this list. */
#define os_list_remove(list, item, node)                              \
    do {                                                              \
        __auto_type list_from_ = (list);                              \
        __auto_type list_item_ = (item);                              \
        *list_item_->node.link = list_item_->node.next;               \
        if (list_item_->node.next != NULL)                            \
            list_item_->node.next->node.link = list_item_->node.link; \
        else                                                          \
            list_from_->last = list_item_->node.link;                 \
        list_item_->node.link = NULL;                                 \
    } while (0)

/* Whether the item is in a list. */
#define os_list_holds(item, node) ((item)->node.link != NULL)

#endif
