#include <mirage/config.h>

/* Two tap interfaces of the host; --INSTANCE-interface names others. */
void config(void)
{
    functor(JOB, ETHERNET, ARP, ETHERNET, ARP, RANDOM) router =
        foreign("router", JOB, ETHERNET, ARP, ETHERNET, ARP, RANDOM);
    ETHERNET inside = direct_ethernet(named(tap("inside0"), "inside")),
             outside = direct_ethernet(named(tap("outside0"), "outside"));

    register_job("router",
                 apply(router, inside, direct_arp(inside), outside, direct_arp(outside), default_random()));
}
