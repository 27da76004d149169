#include <mirage/functor.h>

#include <stdio.h>

PARAM(CONSOLE, console);
PARAM(IP, ip);
PARAM(ICMP_ON, icmp, ip);
MODULE(JOB, ping6);

ARG_IP(host, "ff02::1", "whom to ping; all nodes on the link if nobody in particular");
ARG_INT(count, 3, "how many echoes to send");
ARG_DURATION(stay, "0s", "how long to answer others' echoes afterwards");

enum { ADDRESSES_MAX = 8 };

static IO err show_addresses(struct console *console, struct ip *ip)
{
    struct ip_cidr addresses[ADDRESSES_MAX];
    size_t n = ip_addresses(ip, addresses, ADDRESSES_MAX);
    char line[96], text[IP_TEXT_SIZE];

    for (size_t i = 0; i < n && i < ADDRESSES_MAX; i++) {
        snprintf(line, sizeof line, "this host is %s", ip_cidr_format(&addresses[i], text));
        TRY(console_log(console, line));
    }
    return OK;
}

IO err ping6_start(struct console *console, struct ip *ip, struct icmp *icmp)
{
    char line[128], text[IP_TEXT_SIZE];
    os_time round_trip;
    int64_t answered = 0;

    /* A router may give an address; neighbours are reached without. */
    IGNORE(ip_wait(ip, os_now() + SECONDS(3)));
    TRY(os_check());
    TRY(show_addresses(console, ip));
    ip_format(&host, text);
    for (int64_t i = 0; i < count; i++) {
        err e = icmp_ping(icmp, &host, (uint16_t)i, 56, SECONDS(2), &round_trip);
        TRY(os_check());
        if (e == OK)
            snprintf(line, sizeof line, "reply from %s: sequence %lld, %.3f ms", text, (long long)i,
                     (double)round_trip / MILLISECONDS(1));
        else
            snprintf(line, sizeof line, "nothing from %s: sequence %lld, %s", text, (long long)i,
                     err_string(e));
        TRY(console_log(console, line));
        answered += e == OK;
    }
    os_sleep(stay);
    return answered > 0 || count == 0 ? OK : ERR_TIMEOUT;
}
