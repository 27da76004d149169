#include "icmp.h"

#include <stdlib.h>

static const struct metric_row metrics[] = {
    METRIC_ROW(struct icmp, in, COUNTER, "icmp.in", "messages received"),
    METRIC_ROW(struct icmp, malformed, COUNTER, "icmp.malformed", "malformed messages"),
    METRIC_ROW(struct icmp, echoes_in, COUNTER, "icmp.echoes_in", "echo requests answered"),
    METRIC_ROW(struct icmp, errors_in, COUNTER, "icmp.errors_in", "errors received"),
    METRIC_ROW(struct icmp, errors_out, COUNTER, "icmp.errors_out", "errors sent"),
    METRIC_ROW(struct icmp, errors_limited, COUNTER, "icmp.errors_limited",
               "errors not sent for there were many"),
};

IO err icmp_connect(struct icmp **out, struct ip *ip, struct random *random)
{
    struct icmp *icmp = calloc(1, sizeof *icmp);

    if (icmp == NULL)
        return ERR_NO_MEMORY;
    icmp->ip = ip;
    icmp->random = random;
    metric_register(metrics, icmp, INSTANCE_NAME);
    ip_listen_icmp(ip, icmp);
    *out = icmp;
    return OK;
}

IO void icmp_disconnect(struct icmp *icmp)
{
    ip_listen_icmp(icmp->ip, NULL);
    metric_unregister(metrics, icmp);
    free(icmp);
}

void icmp_listen_tcp(struct icmp *icmp, void *ctx)
{
    icmp->tcp = ctx;
}

void icmp_listen_udp(struct icmp *icmp, void *ctx)
{
    icmp->udp = ctx;
}

static uint32_t message_sum(const struct ip_addr *source, const struct ip_addr *destination,
                            const struct buf *message)
{
    size_t len = buf_len(message);
    uint32_t sum =
        ip_is_v4(source) ? 0 : checksum_pseudo(source, destination, IP_PROTOCOL_ICMPV6, (uint32_t)len);
    return checksum_add_buf(sum, message, 0, len);
}

INTERNAL void icmp_put_checksum(const struct ip_addr *source, const struct ip_addr *destination,
                                struct buf *message)
{
    message->csum = BUF_CSUM_UNKNOWN;
    checksum_store(message->data + ICMP_CHECKSUM, message_sum(source, destination, message));
}

/* RFC 1122, section 3.2.2.6; RFC 4443, section 4.2: the payload is sent back unchanged. */
static void answer_echo(struct icmp *icmp, const struct ip_head *head, struct buf *message)
{
    bool v4 = ip_is_v4(&head->source);
    struct ip_head back = { .destination = head->source,
                            .protocol = head->protocol,
                            .traffic_class = head->traffic_class };

    if ((v4 && head->group) || !icmp_is_host(&head->source)) {
        buf_free(message);
        return;
    }
    if (!head->group)
        back.source = head->destination;
    else if (ip_source(icmp->ip, &head->source, &back.source) != OK) {
        buf_free(message);
        return;
    }
    message = packet_own(message, ICMP_HEADER);
    if (message == NULL)
        return;
    message->data[ICMP_TYPE] = v4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY;
    memset(message->data + ICMP_CHECKSUM, 0, 2);
    icmp_put_checksum(&back.source, &back.destination, message);
    metric_add(&icmp->echoes_in, 1);
    IGNORE(ip_write(icmp->ip, &back, message));
}

void ip_on_icmp(void *ctx, struct buf *message, const struct ip_head *head)
{
    struct icmp *icmp = ctx;
    bool v4 = ip_is_v4(&head->source);
    size_t len = buf_len(message);

    if (len < ICMP_HEADER || !checksum_is_valid(message_sum(&head->source, &head->destination, message))) {
        metric_add(&icmp->malformed, 1);
        log_debug("dropped a malformed message");
        buf_free(message);
        return;
    }
    message = buf_pull_up(message, ICMP_HEADER);
    if (message == NULL)
        return;
    uint8_t type = message->data[ICMP_TYPE];
    metric_add(&icmp->in, 1);
    if (type == (v4 ? ICMP4_ECHO : ICMP6_ECHO))
        answer_echo(icmp, head, message);
    else if (type == (v4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY))
        icmp_match_reply(icmp, head, message);
    else
        icmp_receive_error(icmp, head, message);
}
