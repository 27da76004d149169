/*
 * The project's own STACK: the IP, UDP and TCP that it was given, ready when the host has an address.
 */
#include <mirage/functor.h>

#include <stdlib.h>

PARAM(IP, ip);
PARAM(UDP_ON, udp, ip);
PARAM(TCP_ON, tcp, ip);
MODULE(STACK_ON, stack, ip, udp, tcp);
LOG_SOURCE(stack);

KEY_BOOL(wait_for_address, true, "whether connecting waits for an address; false when something above configures one");

ARG_STRING(hostname, NULL, "the host's own name");
ARG_DURATION(address_wait, "10s", "how long to wait at boot for an address that the network gives");

enum { ADDRESSES_SHOWN = 8 };

struct stack {
    struct ip *ip;
    struct udp *udp;
    struct tcp *tcp;
};

static void log_addresses(struct ip *ip)
{
    struct ip_cidr addresses[ADDRESSES_SHOWN];
    size_t n = ip_addresses(ip, addresses, ADDRESSES_SHOWN);
    char text[IP_TEXT_SIZE];

    for (size_t i = 0; i < n && i < ADDRESSES_SHOWN; i++)
        log_info("this host is %s", ip_cidr_format(&addresses[i], text));
}

/* The program runs without an address as well: one may come later. */
static IO err wait_for_network(struct ip *ip)
{
    err e = ip_wait(ip, os_now() + address_wait);

    TRY(os_check());
    if (e == ERR_TIMEOUT)
        log_warning("no address after %.1f s: going on without", (double)address_wait / SECONDS(1));
    else if (e != OK)
        log_warning("no address, and none to be expected: give --ipv4 or --ipv6");
    return OK;
}

IO err stack_connect(struct stack **out, struct ip *ip, struct udp *udp, struct tcp *tcp)
{
    if (wait_for_address)
        TRY(wait_for_network(ip));
    log_addresses(ip);
    struct stack *stack = malloc(sizeof *stack);
    if (stack == NULL)
        return ERR_NO_MEMORY;
    *stack = (struct stack){ ip, udp, tcp };
    *out = stack;
    return OK;
}

IO void stack_disconnect(struct stack *stack)
{
    free(stack);
}

struct ip *stack_get_ip(struct stack *stack)
{
    return stack->ip;
}

struct udp *stack_get_udp(struct stack *stack)
{
    return stack->udp;
}

struct tcp *stack_get_tcp(struct stack *stack)
{
    return stack->tcp;
}

const char *stack_hostname(struct stack *stack)
{
    (void)stack;
    return hostname == NULL ? "" : hostname;
}
