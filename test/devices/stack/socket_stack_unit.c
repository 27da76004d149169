/* The folder as one translation unit, as an instance compiles it. */
#define MIRAGE_INSTANCE
#include "devices/stack/socket_stack/flow.c"
#include "devices/stack/socket_stack/ip.c"
#include "devices/stack/socket_stack/linger.c"
#include "devices/stack/socket_stack/names.c"
#include "devices/stack/socket_stack/stack.c"
#include "devices/stack/socket_stack/tcp.c"
#include "devices/stack/socket_stack/udp.c"
