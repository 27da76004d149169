#define MIRAGE_INSTANCE icmp
#define MIRAGE_KEY_errors_per_second 100
#define MIRAGE_KEY_errors_burst 50
#include "lib/icmp/error.c"
#include "lib/icmp/icmp.c"
#include "lib/icmp/ping.c"
