/*
 * The project's own stack of these parts, which must stand on the same ip; it is ready when the host has an
 * address.
 */
#include <mirage/functor.h>

#include <stdlib.h>

PARAM(IP, ip);
PARAM(UDP_ON, udp, ip);
PARAM(TCP_ON, tcp, ip);
MODULE(STACK_ON, stack, ip, udp, tcp);
CATALOG(direct_stack, ip, udp, tcp);
LOG_SOURCE(stack);

#include <mirage/ready.h>

KEY_BOOL(wait_for_address, true,
         "whether connecting waits for an address; false when something above configures one");

ARG_STRING(hostname, NULL, "the host's own name");
ARG_DURATION(address_wait, "10s", "how long to wait at boot for an address that the network gives");

struct stack {
    struct ip *ip;
    struct udp *udp;
    struct tcp *tcp;
};

IO err stack_connect(struct stack **out, struct ip *ip, struct udp *udp, struct tcp *tcp)
{
    if (key_wait_for_address)
        TRY(ready_wait(ip, address_wait, false, "--ipv4 or --ipv6"));
    ready_tell(ip);
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
