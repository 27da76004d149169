#include <mirage/functor.h>

#include <stdio.h>

PARAM(CONSOLE, console);
PARAM(RESOLVER, resolver);
PARAM(ICMP, icmp);
MODULE(JOB, ping);

ARG_STRING(host, "localhost", "whom to ping: a name or an address");
ARG_INT(count, 4, "how many echoes to send");
ARG_DURATION(interval, "1s", "time between two of them");
ARG_DURATION(timeout, "5s", "how long to wait for a reply");

static IO err echo(struct console *console, struct icmp *icmp, const struct ip_addr *address,
                   uint16_t sequence)
{
    char line[128], text[IP_TEXT_SIZE];
    os_time round_trip;

    ip_format(address, text);
    err e = icmp_ping(icmp, address, sequence, 56, timeout, &round_trip);
    if (e == OK)
        snprintf(line, sizeof line, "64 bytes from %s: sequence %u, %.3f ms", text, sequence,
                 (double)round_trip / MILLISECONDS(1));
    else
        snprintf(line, sizeof line, "nothing from %s: sequence %u, %s", text, sequence, err_string(e));
    TRY(console_log(console, line));
    return e;
}

IO err ping_start(struct console *console, struct resolver *resolver, struct icmp *icmp)
{
    struct ip_addr address;
    size_t found;
    int64_t answered = 0;
    char line[96];

    TRY(resolver_resolve(resolver, host, &address, 1, &found));
    for (int64_t i = 0; i < count; i++) {
        if (i > 0)
            os_sleep(interval);
        TRY(os_check());
        if (echo(console, icmp, &address, (uint16_t)i) == OK)
            answered++;
    }
    snprintf(line, sizeof line, "%lld sent, %lld answered", (long long)count, (long long)answered);
    TRY(console_log(console, line));
    return answered > 0 || count == 0 ? OK : ERR_TIMEOUT;
}
