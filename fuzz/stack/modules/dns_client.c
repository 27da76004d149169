#define MIRAGE_INSTANCE dns_client
#define MIRAGE_KEY_cache_count 4
#define MIRAGE_KEY_cache_bytes 2048
#define MIRAGE_KEY_attempts 3
#define MIRAGE_KEY_first_wait 1000
#define MIRAGE_KEY_longest_wait 8000
#define MIRAGE_KEY_configuration_wait 15
#define MIRAGE_KEY_mix_case true
#define MIRAGE_KEY_udp_size 1232
#define MIRAGE_KEY_hosts
#define MIRAGE_KEY_ndots 1
#define MIRAGE_KEY_longest_ttl 86400
#pragma redefine_extname stack_ip_disconnect ip_disconnect
#pragma redefine_extname stack_ip_write ip_write
#pragma redefine_extname stack_ip_source ip_source
#pragma redefine_extname stack_ip_mtu ip_mtu
#pragma redefine_extname stack_ip_reduce_mtu ip_reduce_mtu
#pragma redefine_extname stack_ip_confirm ip_confirm
#pragma redefine_extname stack_ip_has ip_has
#pragma redefine_extname stack_ip_addresses ip_addresses
#pragma redefine_extname stack_ip_offloads ip_offloads
#pragma redefine_extname stack_ip_name_servers ip_name_servers
#pragma redefine_extname stack_ip_search_domains ip_search_domains
#pragma redefine_extname stack_ip_wait ip_wait
#pragma redefine_extname stack_ip_listen_tcp ip_listen_tcp
#pragma redefine_extname stack_ip_listen_udp ip_listen_udp
#pragma redefine_extname stack_ip_listen_icmp ip_listen_icmp
#pragma redefine_extname stack_ip_on_tcp ip_on_tcp
#pragma redefine_extname stack_ip_on_udp ip_on_udp
#pragma redefine_extname stack_ip_on_icmp ip_on_icmp
#pragma redefine_extname stack_ip_on_problem ip_on_problem
#pragma redefine_extname stack_udp_disconnect udp_disconnect
#pragma redefine_extname stack_udp_bind udp_bind
#pragma redefine_extname stack_udp_port udp_port
#pragma redefine_extname stack_udp_receive udp_receive
#pragma redefine_extname stack_udp_send udp_send
#pragma redefine_extname stack_udp_unbind udp_unbind
#pragma redefine_extname stack_tcp_disconnect tcp_disconnect
#pragma redefine_extname stack_tcp_read tcp_read
#pragma redefine_extname stack_tcp_write tcp_write
#pragma redefine_extname stack_tcp_shutdown tcp_shutdown
#pragma redefine_extname stack_tcp_close tcp_close
#pragma redefine_extname stack_tcp_abort tcp_abort
#pragma redefine_extname stack_tcp_open tcp_open
#pragma redefine_extname stack_tcp_listen tcp_listen
#pragma redefine_extname stack_tcp_listener_port tcp_listener_port
#pragma redefine_extname stack_tcp_accept tcp_accept
#pragma redefine_extname stack_tcp_unlisten tcp_unlisten
#pragma redefine_extname stack_tcp_peer tcp_peer
#pragma redefine_extname stack_tcp_local tcp_local
#pragma redefine_extname stack_tcp_set_nodelay tcp_set_nodelay
#pragma redefine_extname stack_tcp_set_keepalive tcp_set_keepalive
#include "lib/dns_client/cache.c"
#include "lib/dns_client/dns_client.c"
#include "lib/dns_client/exchange.c"
#include "lib/dns_client/hosts.c"
#include "lib/dns_client/lookup.c"
#include "lib/dns_client/names.c"
#include "lib/dns_client/query.c"
#include "lib/dns_client/service.c"
#include "lib/dns_client/sort.c"
