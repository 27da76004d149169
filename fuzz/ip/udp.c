/* Fuzzes a running UDP module, which has a few sockets, with datagrams and ICMP errors. */
#include "udp_unit.h" /* of `units` */

#include "above.h"

struct icmp {
    void *udp;
};
static struct icmp fuzz_icmp;

static void check_written(const struct ip_head *head, const struct buf *payload)
{
    struct udp_header h;
    CHECK(udp_parse(&h, payload->data, payload->len, buf_len(payload)) == OK && h.length == buf_len(payload));
    CHECK(checksum_holds(&h, head, payload));
}

void icmp_listen_udp(struct icmp *icmp, void *ctx)
{
    icmp->udp = ctx;
}

err icmp_send_error(struct icmp *icmp, const struct icmp_error *error, const struct ip_head *head,
                    struct buf *payload)
{
    (void)icmp, (void)head;
    CHECK(error->kind == ICMP_UNREACHABLE_PORT);
    buf_free(payload);
    return OK;
}

static err fuzz_entry(void *arg)
{
    struct input *in = arg;
    struct udp *udp;
    struct udp_socket *sockets[4] = { NULL };
    struct endpoint from;

    TRY(udp_connect(&udp, &fuzz_ip, &fuzz_icmp, &fuzz_generator));
    while (in->len > 0) {
        uint8_t what = take(in), version = what & 1;
        struct udp_socket **s = &sockets[what >> 1 & 3];
        struct ip_head head = { .source = peer[version],
                                .destination = own[version],
                                .protocol = IP_PROTOCOL_UDP };
        struct icmp_error error = { .kind = (enum icmp_error_kind)(what & 7),
                                    .head = { .source = own[version], .destination = peer[version] } };
        switch (what >> 5) {
        case 0:
            if (*s == NULL && udp_bind(udp, what & 8 ? &IP_ANY : &own[version],
                                       what & 16 ? 0 : (uint16_t)(what & 3), s) != OK)
                *s = NULL;
            break;
        case 1:
            if (*s != NULL)
                udp_unbind(*s);
            *s = NULL;
            break;
        case 2:
            if (*s != NULL) {
                struct endpoint to = { peer[version], take(in) };
                IGNORE(udp_send(*s, &to, what & 8 ? NULL : take_packet(in, 0, what & 16 ? 2000 : 20)));
            }
            break;
        case 3:
            if (*s != NULL && ((*s)->count > 0 || (*s)->refused)) {
                struct buf *b = NULL;
                IGNORE(udp_receive(*s, &from, &b));
                buf_free(b);
            }
            break;
        case 4:
            for (size_t i = 0; i < 8; i++)
                error.transport[i] = take(in);
            icmp_on_udp_error(udp, &error);
            break;
        default: {
            struct buf *b = take_packet(in, 0, 600);
            if (what & 8)
                correct(b, UDP_CHECKSUM, &head, true);
            ip_on_udp(udp, split(b, what & 16 ? 3 : 11, what & 4), &head);
        }
        }
        for (size_t i = 0; i < 4; i++)
            CHECK(sockets[i] == NULL || (sockets[i]->count <= 8 && sockets[i]->pinned <= 4096));
    }
    udp_disconnect(udp);
    return OK;
}
