#define MIRAGE_INSTANCE ipv6
#define MIRAGE_KEY_neighbours_max 8
#define MIRAGE_KEY_waiting_total_max 8
#define MIRAGE_KEY_optimistic true
#include "lib/ipv6/address.c"
#include "lib/ipv6/discovery.c"
#include "lib/ipv6/group.c"
#include "lib/ipv6/input.c"
#include "lib/ipv6/ipv6.c"
#include "lib/ipv6/neighbour.c"
#include "lib/ipv6/output.c"
#include "lib/ipv6/path.c"
#include "lib/ipv6/router.c"
