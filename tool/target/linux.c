#include "target/target.h"

const struct target target_linux = {
    .name = "linux",
    .summary = "a Linux process on the kernel's sockets",
    .arches = (const char *const[]){ "x86_64", "aarch64", NULL },
    .folders = (const char *const[]){ "platform/linux", "platform/posix", NULL },
    .link_flags = (const char *const[]){ PROCESS_LINK_FLAGS, "-pthread", NULL },
    .modules =
        (const struct target_module[]){
            { .role = "console", .source = "devices/console/console_unix.c" },
            { .role = "clock", .source = "devices/clock/pclock_unix.c" },
            { .role = "random", .source = "devices/random/random_getrandom.c" },
            { .role = "sink", .source = "devices/sink/sink_file.c" },
            { .role = "network", .source = "devices/network/network_tap" },
            { .role = "block", .source = "devices/block/block_file.c" },
            { .role = "kv", .source = "devices/kv/kv_direct" },
            { .role = "stack", .source = "devices/stack/socket_stack" },
            { .role = "icmp", .source = "devices/icmp/icmp_socket.c" },
            { .role = "resolver", .source = "devices/resolver/resolver_unix" },
            { 0 },
        },
};
