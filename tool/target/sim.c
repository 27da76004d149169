#include "target/target.h"

const struct target target_sim = {
    .name = "sim",
    .summary = "a process in a simulation of its own: virtual time, and randomness from a seed",
    .arches = (const char *const[]){ "x86_64", "aarch64", NULL },
    .folders = (const char *const[]){ "platform/sim", "platform/posix", NULL },
    .arguments = (const char *const[]){ "seed", NULL },
    .modules =
        (const struct target_module[]){
            { .role = "console", .source = "devices/console/console_plain.c" },
            { .role = "clock", .source = "devices/clock/pclock_platform.c" },
            { .role = "random", .source = "devices/random/random_entropy.c" },
            { .role = "sink", .source = "devices/sink/sink_file.c" },
            { .role = "network", .source = "lib/vnet/vnet_port.c", .on = "lib/vnet/vnet.c" },
            { 0 },
        },
    .defaults = (const struct target_default[]){ { "net", "direct" }, { 0 } },
};
