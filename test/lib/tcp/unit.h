/* The folder as one translation unit, as an instance compiles it, with keys that a test may set by -D. */
#define MIRAGE_INSTANCE tcp

#ifndef MIRAGE_KEY_congestion
#define MIRAGE_KEY_congestion "cubic"
#endif
#ifndef MIRAGE_KEY_initial_window
#define MIRAGE_KEY_initial_window 10
#endif
#ifndef MIRAGE_KEY_rto_min_ms
#define MIRAGE_KEY_rto_min_ms 200
#endif
#ifndef MIRAGE_KEY_rto_max_ms
#define MIRAGE_KEY_rto_max_ms 120000
#endif
#ifndef MIRAGE_KEY_delayed_ack_ms
#define MIRAGE_KEY_delayed_ack_ms 40
#endif
#ifndef MIRAGE_KEY_timestamps
#define MIRAGE_KEY_timestamps true
#endif
#ifndef MIRAGE_KEY_sack
#define MIRAGE_KEY_sack true
#endif
#ifndef MIRAGE_KEY_window_scale
#define MIRAGE_KEY_window_scale 7
#endif
#define MIRAGE_KEY_mss_max 65535
#ifndef MIRAGE_KEY_ecn
#define MIRAGE_KEY_ecn 2
#endif
#ifndef MIRAGE_KEY_receive_buffer
#define MIRAGE_KEY_receive_buffer 262144
#endif
#ifndef MIRAGE_KEY_receive_buffer_max
#define MIRAGE_KEY_receive_buffer_max 4194304
#endif
#ifndef MIRAGE_KEY_send_buffer
#define MIRAGE_KEY_send_buffer 65536
#endif
#ifndef MIRAGE_KEY_send_buffer_max
#define MIRAGE_KEY_send_buffer_max 4194304
#endif
#ifndef MIRAGE_KEY_memory_max
#define MIRAGE_KEY_memory_max 268435456
#endif
#ifndef MIRAGE_KEY_connections_max
#define MIRAGE_KEY_connections_max 262144
#endif
#ifndef MIRAGE_KEY_syn_backlog
#define MIRAGE_KEY_syn_backlog 512
#endif
#ifndef MIRAGE_KEY_syn_cookies
#define MIRAGE_KEY_syn_cookies true
#endif
#ifndef MIRAGE_KEY_fast_open
#define MIRAGE_KEY_fast_open 16
#endif
#ifndef MIRAGE_KEY_syn_retries
#define MIRAGE_KEY_syn_retries 6
#endif
#ifndef MIRAGE_KEY_synack_retries
#define MIRAGE_KEY_synack_retries 5
#endif
#ifndef MIRAGE_KEY_user_timeout_ms
#define MIRAGE_KEY_user_timeout_ms 900000
#endif
#ifndef MIRAGE_KEY_orphan_timeout_ms
#define MIRAGE_KEY_orphan_timeout_ms 60000
#endif
#ifndef MIRAGE_KEY_orphans_max
#define MIRAGE_KEY_orphans_max 8192
#endif
#ifndef MIRAGE_KEY_time_wait_ms
#define MIRAGE_KEY_time_wait_ms 60000
#endif
#ifndef MIRAGE_KEY_time_wait_max
#define MIRAGE_KEY_time_wait_max 32768
#endif
#ifndef MIRAGE_KEY_keepalive_interval_ms
#define MIRAGE_KEY_keepalive_interval_ms 75000
#endif
#ifndef MIRAGE_KEY_keepalive_probes
#define MIRAGE_KEY_keepalive_probes 9
#endif
#ifndef MIRAGE_KEY_port_first
#define MIRAGE_KEY_port_first 32768
#endif
#ifndef MIRAGE_KEY_port_last
#define MIRAGE_KEY_port_last 60999
#endif
#ifndef MIRAGE_KEY_disconnect_ms
#define MIRAGE_KEY_disconnect_ms 2000
#endif
#include "lib/tcp/acknowledge.c"
#include "lib/tcp/congestion.c"
#include "lib/tcp/cookie.c"
#include "lib/tcp/fast_open.c"
#include "lib/tcp/fast_open_cache.c"
#include "lib/tcp/flow.c"
#include "lib/tcp/flush.c"
#include "lib/tcp/input.c"
#include "lib/tcp/listen.c"
#include "lib/tcp/open.c"
#include "lib/tcp/output.c"
#include "lib/tcp/pmtu.c"
#include "lib/tcp/ports.c"
#include "lib/tcp/ranges.c"
#include "lib/tcp/receive.c"
#include "lib/tcp/recovery.c"
#include "lib/tcp/secret.c"
#include "lib/tcp/segment.c"
#include "lib/tcp/sent.c"
#include "lib/tcp/state.c"
#include "lib/tcp/stream.c"
#include "lib/tcp/table.c"
#include "lib/tcp/tcp.c"
#include "lib/tcp/time_wait.c"
#include "lib/tcp/timers.c"
