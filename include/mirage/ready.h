/*
 * How a stack becomes ready: it waits for an address, and says which it has. For functors that have an IP
 * named `ip`, as a parameter or as a part of one, and a LOG_SOURCE; they include this behind those lines.
 */
#ifndef MIRAGE_READY_H
#define MIRAGE_READY_H

/*
 * Wait for an address, up to `most` nanoseconds. The program runs without one as well, as one may come later:
 * only being cancelled is an error. `arguments` are those that would give one. Unless one of them was given,
 * as `asked` says, only a router can help, and the user is told so before the wait.
 */
static IO err ready_wait(struct ip *ip, os_time most, bool asked, const char *arguments)
{
    err e = ip_wait(ip, os_now());

    TRY(os_check());
    if (e == ERR_TIMEOUT && most > 0) {
        if (!asked)
            log_warning(
                "no address was given: give %s; a router may advertise one, which is waited for %.1f s",
                arguments, (double)most / SECONDS(1));
        e = ip_wait(ip, os_now() + most);
        TRY(os_check());
    }
    if (e == ERR_TIMEOUT)
        log_warning("no address after %.1f s: going on without", (double)most / SECONDS(1));
    else if (e != OK)
        log_warning("no address, and none to be expected: give %s", arguments);
    return OK;
}

static void ready_tell(struct ip *ip)
{
    enum { SHOWN = 8 };
    struct ip_cidr addresses[SHOWN];
    size_t n = ip_addresses(ip, addresses, SHOWN);
    char text[IP_TEXT_SIZE];

    for (size_t i = 0; i < n && i < SHOWN; i++)
        log_info("this host is %s", ip_cidr_format(&addresses[i], text));
}

#endif
