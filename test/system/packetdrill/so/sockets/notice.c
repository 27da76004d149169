/*
 * The error queue: completions of MSG_ZEROCOPY (bytes are copied here, and the completions say so), and the
 * times of sending and acknowledgement for SO_TIMESTAMPING.
 */
#include "private.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>

enum { SENDS_MAX = 4096 };

static void notice_add(struct socket *socket, const struct notice *n)
{
    struct notice *last = socket->notices_last, *added;
    socket->notice_count++;
    /* Consecutive completions are reported as one range. */
    if (n->zerocopy && last != NULL && last->zerocopy && last->data + 1 == n->info) {
        last->data = n->data;
        return;
    }
    if ((added = malloc(sizeof *added)) == NULL)
        return;
    *added = *n;
    added->next = NULL;
    if (last != NULL)
        last->next = added;
    else
        socket->notices = added;
    socket->notices_last = added;
}

/* Record that one call wrote the bytes up to `end` of the stream. */
void notice_expect(struct socket *socket, uint32_t end, int flags)
{
    uint32_t stamps = (uint32_t)option_stored(socket, SOL_SOCKET, SO_TIMESTAMPING);
    bool zerocopy = (flags & MSG_ZEROCOPY) && option_stored(socket, SOL_SOCKET, SO_ZEROCOPY) != 0;
    struct awaited *a;
    stamps &= SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_ACK;
    if ((!zerocopy && stamps == 0) || socket->awaited_count == SENDS_MAX || (a = malloc(sizeof *a)) == NULL)
        return;
    *a = (struct awaited){
        .end = end, .zerocopy = zerocopy, .stamps = stamps, .key = end - socket->stamp_base - 1
    };
    if (zerocopy)
        a->id = socket->zerocopy_id++;
    struct awaited **link = &socket->awaited;
    while (*link != NULL)
        link = &(*link)->next;
    *link = a;
    socket->awaited_count++;
}

static void stamp(struct socket *socket, const struct awaited *a, uint32_t which, uint32_t info)
{
    if (a->stamps & which)
        notice_add(socket, &(struct notice){ .info = info, .data = a->key, .at = os_now() });
}

/*
 * Queue notices for what was sent or acknowledged since the last call, which was at this point of time, too.
 */
void notice_look(struct socket *socket)
{
    struct awaited *a;
    if (socket->awaited == NULL || socket->flow == NULL)
        return;
    bool closed = inside_is_closed(socket->flow);
    uint32_t sent = inside_sent(socket->flow), acked = inside_acknowledged(socket->flow);
    for (a = socket->awaited; a != NULL && !closed && (int32_t)(sent - a->end) >= 0; a = a->next)
        if (!a->sent) {
            a->sent = true;
            stamp(socket, a, SOF_TIMESTAMPING_TX_SCHED, SCM_TSTAMP_SCHED);
            stamp(socket, a, SOF_TIMESTAMPING_TX_SOFTWARE, SCM_TSTAMP_SND);
        }
    while ((a = socket->awaited) != NULL && (closed || (int32_t)(acked - a->end) >= 0)) {
        if (!closed)
            stamp(socket, a, SOF_TIMESTAMPING_TX_ACK, SCM_TSTAMP_ACK);
        if (a->zerocopy)
            notice_add(socket, &(struct notice){ .zerocopy = true, .info = a->id, .data = a->id });
        socket->awaited = a->next;
        socket->awaited_count--;
        free(a);
    }
}

void notice_free(struct socket *socket)
{
    struct notice *n;
    struct awaited *a;
    while ((n = socket->notices) != NULL) {
        socket->notices = n->next;
        free(n);
    }
    while ((a = socket->awaited) != NULL) {
        socket->awaited = a->next;
        free(a);
    }
}

void control_put(struct host_call *call, int level, int type, const void *data, size_t len)
{
    struct msghdr *m = call->message;
    struct cmsghdr head = { .cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(len) };
    if (m->msg_controllen + CMSG_LEN(len) > (size_t)call->arguments[0]) {
        m->msg_flags |= MSG_CTRUNC;
        return;
    }
    uint8_t *at = (uint8_t *)m->msg_control + m->msg_controllen;
    memcpy(at, &head, sizeof head);
    memcpy(at + CMSG_LEN(0), data, len);
    m->msg_controllen += CMSG_SPACE(len);
    if (m->msg_controllen > (size_t)call->arguments[0])
        m->msg_controllen = (size_t)call->arguments[0];
}

static void put_time(struct host_call *call, os_time at)
{
    struct timespec ts[3] = { { HOST_CLOCK_BASE + at / SECONDS(1), at % SECONDS(1) } };
    control_put(call, SOL_SOCKET, SCM_TIMESTAMPING, ts, sizeof ts);
}

/* Linux appends the address of the notice's cause. There is none. */
static void put_error(struct host_call *call, const struct socket *socket, const struct notice *n)
{
    struct {
        struct sock_extended_err error;
        struct sockaddr_in6 offender;
    } data = { .error = { .ee_info = n->info, .ee_data = n->data } };
    data.error.ee_errno = n->zerocopy ? 0 : ENOMSG;
    data.error.ee_origin = n->zerocopy ? SO_EE_ORIGIN_ZEROCOPY : SO_EE_ORIGIN_TIMESTAMPING;
    data.error.ee_code = n->zerocopy ? SO_EE_CODE_ZEROCOPY_COPIED : 0;
    if (socket->domain == AF_INET)
        control_put(call, IPPROTO_IP, IP_RECVERR, &data, sizeof data.error + sizeof(struct sockaddr_in));
    else
        control_put(call, IPPROTO_IPV6, IPV6_RECVERR, &data, sizeof data);
}

/*
 * Receive the first notice, for MSG_ERRQUEUE. A time's notice would also have the sent bytes, which are cut
 * off.
 */
int64_t notice_receive(struct socket *socket, struct host_call *call)
{
    struct notice *n = socket->notices;
    if (n == NULL)
        return fail(call, EAGAIN);
    if ((socket->notices = n->next) == NULL)
        socket->notices_last = NULL;
    if (call->message != NULL) {
        call->message->msg_flags |= MSG_ERRQUEUE | (n->zerocopy ? 0 : MSG_TRUNC);
        if (!n->zerocopy)
            put_time(call, n->at);
        put_error(call, socket, n);
    }
    free(n);
    return 0;
}
