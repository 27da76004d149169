/* The wire part, compiled into this module. */
#include "../../../../lib/dns/name.c"
#include "../../../../lib/dhcp/emit.c"
#include "../../../../lib/dhcp/parse.c"
