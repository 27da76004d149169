#define MIRAGE_INSTANCE ipv4
#define MIRAGE_KEY_reassembly_seconds 30
#define MIRAGE_KEY_path_mtu_min 552
#include "lib/ipv4/input.c"
#include "lib/ipv4/ipv4.c"
#include "lib/ipv4/output.c"
#include "lib/ipv4/route.c"
#include "lib/ipv4/settings.c"
