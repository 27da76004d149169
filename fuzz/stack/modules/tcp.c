/* Limits so low that they are met. */
#define MIRAGE_KEY_syn_backlog 2
#define MIRAGE_KEY_time_wait_max 2
#define MIRAGE_KEY_orphans_max 2
#define MIRAGE_KEY_connections_max 8
#define MIRAGE_KEY_memory_max 100000
#include "test/lib/tcp/unit.h"
