/*
 * MSG_EOR: no segment has bytes from before and after it. The bytes after it wait until those before were
 * sent.
 */
#include "private.h"

struct piece {
    struct piece *next;
    bool ends;
    size_t len;
    uint8_t bytes[];
};

static err piece_add(struct socket *socket, const void *bytes, size_t len)
{
    struct piece *last = socket->pieces_last, *p;
    bool joins = last != NULL && !last->ends;
    size_t before = joins ? last->len : 0;
    if ((p = malloc(sizeof *p + before + len)) == NULL)
        return ERR_NO_MEMORY;
    *p = (struct piece){ .len = before + len };
    if (joins)
        memcpy(p->bytes, last->bytes, before);
    memcpy(p->bytes + before, bytes, len);
    struct piece **link = &socket->pieces;
    while (*link != NULL && *link != (joins ? last : NULL))
        link = &(*link)->next;
    *link = socket->pieces_last = p;
    if (joins)
        free(last);
    socket->pieces_len += len;
    return OK;
}

/* Hand a piece to TCP. As in Linux, Nagle's algorithm does not delay the pieces before the last. */
static err piece_write(struct socket *socket)
{
    struct piece *p = socket->pieces;
    if ((socket->pieces = p->next) == NULL)
        socket->pieces_last = NULL;
    socket->pieces_len -= p->len;
    socket->record_ended = p->ends;
    stack_tcp_set_nodelay(socket->flow, socket->options.nodelay || socket->pieces != NULL);
    err e = stack_tcp_write(socket->flow, buf_copy(p->bytes, p->len));
    free(p);
    return e;
}

err record_write(struct socket *socket, const void *bytes, size_t len)
{
    if (len == 0)
        return OK;
    if (socket->pieces != NULL || (socket->record_ended && inside_unsent(socket->flow) > 0))
        return piece_add(socket, bytes, len);
    socket->record_ended = false;
    return stack_tcp_write(socket->flow, buf_copy(bytes, len));
}

void record_end(struct socket *socket)
{
    if (socket->pieces_last != NULL)
        socket->pieces_last->ends = true;
    else
        socket->record_ended = true;
}

/* Write the next piece when everything before it was sent. This runs after each turn of the loop. */
void record_look(struct socket *socket)
{
    if (socket->pieces != NULL && !inside_is_closed(socket->flow) && inside_unsent(socket->flow) == 0)
        IGNORE(piece_write(socket));
}

/* Write all pieces now, with boundaries or without, because nothing more will be written. */
err record_flush(struct socket *socket)
{
    err e = OK;
    while (socket->pieces != NULL) {
        err failed = piece_write(socket);
        if (e == OK)
            e = failed;
    }
    return e;
}

void record_free(struct socket *socket)
{
    while (socket->pieces != NULL) {
        struct piece *next = socket->pieces->next;
        free(socket->pieces);
        socket->pieces = next;
    }
}
