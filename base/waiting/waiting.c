#include <base/waiting/waiting.h>

#include <string.h>

void waiting_drop(struct waiting *all, struct waiting_queue queue, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        all->pinned -= buf_pinned(queue.packets[i]);
        buf_free(queue.packets[i]);
    }
    *queue.count = (uint8_t)(*queue.count - n);
    memmove(queue.packets, queue.packets + n, *queue.count * sizeof *queue.packets);
    all->count -= n;
}

static bool is_room(const struct waiting *all, const struct waiting_most *most, struct waiting_queue queue,
                    size_t pinned)
{
    return *queue.count < most->each && all->count < most->count && all->pinned + pinned <= most->pinned;
}

err waiting_hold(struct waiting *all, const struct waiting_most *most, struct waiting_queue queue,
                 struct buf *packet, size_t *dropped)
{
    /* A small answer to a stranger may lie in a large piece of memory. */
    packet = buf_compact(packet);
    size_t pinned = buf_pinned(packet);

    for (*dropped = 0; !is_room(all, most, queue, pinned) && *queue.count > 0; ++*dropped)
        waiting_drop(all, queue, 1);
    if (!is_room(all, most, queue, pinned)) {
        ++*dropped;
        buf_free(packet);
        return ERR_NO_SPACE;
    }
    queue.packets[(*queue.count)++] = packet;
    all->count++;
    all->pinned += pinned;
    return OK;
}

size_t waiting_take(struct waiting *all, struct waiting_queue queue, struct buf **out)
{
    size_t count = *queue.count;

    memcpy(out, queue.packets, count * sizeof *out);
    *queue.count = 0;
    all->count -= count;
    for (size_t i = 0; i < count; i++)
        all->pinned -= buf_pinned(out[i]);
    return count;
}
