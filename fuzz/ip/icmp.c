/*
 * Fuzzes a running ICMP module, which has pings under way, with messages of both versions and with packets
 * that it must report errors about.
 */
#include "icmp_unit.h" /* of `units` */

#include "above.h"

static void check_written(const struct ip_head *head, const struct buf *payload)
{
    CHECK(buf_len(payload) >= ICMP_HEADER && ip_is_v4(&head->source) == ip_is_v4(&head->destination));
    CHECK(checksum_is_valid(message_sum(&head->source, &head->destination, payload)));
}

static void check_error(const struct icmp_error *error)
{
    CHECK(ip_has(&fuzz_ip, &error->head.source) && error->kind <= ICMP_PARAMETER_PROBLEM);
}

void icmp_on_tcp_error(void *ctx, const struct icmp_error *error)
{
    (void)ctx;
    check_error(error);
}
void icmp_on_udp_error(void *ctx, const struct icmp_error *error)
{
    (void)ctx;
    check_error(error);
}

static err ping(void *arg)
{
    os_time round_trip;
    IGNORE(icmp_ping(arg, &peer[0], 3, 16, SECONDS(100), &round_trip));
    IGNORE(icmp_ping(arg, &peer[1], 4, 0, SECONDS(100), &round_trip));
    return OK;
}

static err fuzz_entry(void *arg)
{
    struct input *in = arg;
    struct icmp *icmp;
    struct os_fiber *pinger;

    TRY(icmp_connect(&icmp, &fuzz_ip, &fuzz_generator));
    icmp_listen_tcp(icmp, icmp);
    icmp_listen_udp(icmp, icmp);
    TRY(os_spawn(&pinger, ping, icmp));
    TRY(os_yield());
    while (in->len > 0) {
        uint8_t what = take(in), version = what & 1;
        struct ip_head head = { .source = peer[version],
                                .destination = own[version],
                                .hop_limit = 9,
                                .group = (what & 0x70) == 0x70,
                                .protocol = version == 0 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMPV6 };
        if ((what & 0xc0) == 0xc0) {
            os_sleep(MILLISECONDS(10) << (what & 15));
            continue;
        }
        struct buf *b = take_packet(in, 0, what & 0x20 ? 128 : 1480);
        if ((what & 0xc0) == 0x80) {
            struct ip_problem problem = { .kind = (enum ip_problem_kind)(what >> 1 & 3),
                                          .pointer = what,
                                          .head = head };
            if (what & 8)
                ip_on_problem(icmp, b, &problem);
            else
                IGNORE(icmp_send_error(
                    icmp, &(struct icmp_error){ .kind = (enum icmp_error_kind)(what >> 1 & 7) }, &head, b));
            continue;
        }
        if (what & 2)
            correct(b, ICMP_CHECKSUM, &head, version == 1);
        ip_on_icmp(icmp, split(b, (size_t)(what >> 2 & 7) * 6, what & 0x20), &head);
    }
    os_cancel(pinger);
    IGNORE(os_join(pinger));
    icmp_disconnect(icmp);
    return OK;
}
