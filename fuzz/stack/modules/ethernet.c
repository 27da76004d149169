#define MIRAGE_INSTANCE ethernet
#pragma redefine_extname ethernet_disconnect eth_disconnect
#pragma redefine_extname ethernet_info eth_info
#pragma redefine_extname ethernet_write eth_write
#pragma redefine_extname ethernet_join eth_join
#pragma redefine_extname ethernet_leave eth_leave
#pragma redefine_extname ethernet_listen_arp eth_listen_arp
#pragma redefine_extname ethernet_listen_ipv4 eth_listen_ipv4
#pragma redefine_extname ethernet_listen_ipv6 eth_listen_ipv6
#pragma redefine_extname ethernet_on_arp eth_on_arp
#pragma redefine_extname ethernet_on_ipv4 eth_on_ipv4
#pragma redefine_extname ethernet_on_ipv6 eth_on_ipv6
#include "lib/ethernet/ethernet.c"
