/* The wire part, compiled into this module. */
#include "../dns/name.c"
#include "../dhcp/parse.c"
#include "../dhcp/emit.c"
