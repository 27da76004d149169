#include <mirage/config.h>

/* Two tap interfaces of the host; --INSTANCE-interface names others. */
void config(void)
{
    ETHERNET inside = direct_ethernet(named(tap("inside0"), "inside")),
             outside = direct_ethernet(named(tap("outside0"), "outside"));

    register_job("router", nat(inside, direct_arp(inside), outside, direct_arp(outside)));
}
