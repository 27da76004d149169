/* The wire part, compiled into this module. */
#include "../dns/name.c"
#include "../dns/parse.c"
#include "../dns/emit.c"
#include "../dns/host_name.c"
