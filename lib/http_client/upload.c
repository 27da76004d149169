/*
 * Sending content while looking for an early reply. A server that refuses a request answers before it has
 * read everything. Then it may read no more, and waiting for it to take the rest would be in vain.
 */
#include "http_client.h"

struct upload {
    struct http_client_exchange *x;
    struct buf *data;
};

static IO err send_data(void *arg)
{
    struct upload *upload = arg;
    struct buf *data = upload->data;
    upload->data = NULL;
    return client_send(upload->x, data);
}

/*
 * Whether the reply says that the content is not wanted. A server may also send a reply of success before it
 * has read everything.
 */
static bool is_refusal(const struct http_client_exchange *x)
{
    return x->has_reply && (x->head.reply.status < 200 || x->head.reply.status >= 300);
}

/* Ends only when the server has refused. */
static IO err watch(void *arg)
{
    struct upload *upload = arg;
    IGNORE(client_receive_head(upload->x));
    return is_refusal(upload->x) ? OK : os_sleep_until(OS_NEVER);
}

INTERNAL IO err client_send_content(struct http_client_exchange *x, struct buf *data)
{
    struct upload upload = { x, data };
    struct os_group group;
    if (x->refused) {
        buf_free(data);
        return OK;
    }
    os_group_init(&group);
    err e = os_group_spawn(&group, send_data, &upload);
    if (e == OK)
        e = os_group_spawn(&group, watch, &upload);
    if (e == OK)
        e = os_group_pick(&group, NULL);
    else
        os_group_end(&group);
    buf_free(upload.data);
    /* A server that closes the connection may have answered before. */
    x->refused = is_refusal(x) || e == ERR_RESET || (e == ERR_TIMEOUT && x->has_reply);
    return x->refused ? OK : e;
}
