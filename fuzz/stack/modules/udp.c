#define MIRAGE_INSTANCE udp
#define MIRAGE_KEY_queue_max 8
#define MIRAGE_KEY_queue_bytes_max 4096
#define MIRAGE_KEY_sockets_max 12
#include "lib/udp/socket.c"
#include "lib/udp/udp.c"
