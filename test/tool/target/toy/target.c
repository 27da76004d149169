#include "base/strings.h"
#include "target/launch.h"
#include "target/target.h"

/* The program prints what it is told here, beside what it does. */
static bool start(const struct launch *launch, struct strings *argv)
{
    strings_add(argv, "env");
    strings_add(argv, "TOY=started as a toy is");
    return launch_process(launch, argv);
}

const struct target target_toy = {
    .name = "toy",
    .summary = "a process that a test adds to a copy of the tree",
    .arches = (const char *const[]){ "x86_64", "aarch64", NULL },
    .folders = (const char *const[]){ "platform/toy", "platform/posix", NULL },
    .compile_flags = (const char *const[]){ "-DTOY=1", NULL },
    .link_flags = (const char *const[]){ "-Wl,--build-id=none", NULL },
    .linker_script = "platform/toy/toy.ld",
    .after =
        (const struct target_step[]){
            { .suffix = ".stripped", .command = "${tools}strip -o $out $in", .description = "strip" },
            { .suffix = ".toy", .command = "cp $in $out", .description = "copy" },
            { 0 },
        },
    .arguments = (const char *const[]){ "toy_word", NULL },
    .modules =
        (const struct target_module[]){
            { .role = "console", .source = "devices/console/console_plain.c" },
            { .role = "clock", .source = "devices/clock/pclock_platform.c" },
            { .role = "random", .source = "devices/random/random_entropy.c" },
            { .source = "devices/kv/kv_direct" },
            { 0 },
        },
    .defaults = (const struct target_default[]){ { "net", "direct" }, { "kv", "direct" }, { 0 } },
    .start = start,
};
