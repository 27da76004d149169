#define MIRAGE_INSTANCE dhcp_client
#define MIRAGE_KEY_probe true
#define MIRAGE_KEY_least_mtu 576
#define MIRAGE_KEY_release true
#define MIRAGE_KEY_duid false
#define MIRAGE_KEY_first_wait 4000
#define MIRAGE_KEY_longest_wait 64000
#define MIRAGE_KEY_requests 4
#pragma redefine_extname mirage_arg_address_wait dhcp_client_arg_address_wait
#include "lib/dhcp_client/configure.c"
#include "lib/dhcp_client/dhcp_client.c"
#include "lib/dhcp_client/exchange.c"
#include "lib/dhcp_client/machine.c"
