#define MIRAGE_INSTANCE arp
#define MIRAGE_KEY_entries_max 8
#define MIRAGE_KEY_waiting_max 4
#define MIRAGE_KEY_waiting_total_max 8
#include "lib/arp/address.c"
#include "lib/arp/arp.c"
#include "lib/arp/table.c"
