#include "target/target.h"

#include <string.h>

#if defined __aarch64__
#define HOST_ARCH "aarch64"
#else
#define HOST_ARCH "x86_64"
#endif

static const char *const none[] = { NULL };
static const char *const linux_folders[] = { "runtime",
                                             "base/checksum",
                                             "base/dhcp",
                                             "base/dns",
                                             "base/http",
                                             "base/ip",
                                             "base/packet",
                                             "base/reassembly",
                                             "platform/linux",
                                             "platform/posix",
                                             "platform/arch/" HOST_ARCH,
                                             NULL };
static const char *const linux_libraries[] = { "-pthread", NULL };
static const char *const sim_folders[] = { "runtime",
                                           "base/checksum",
                                           "base/dhcp",
                                           "base/dns",
                                           "base/http",
                                           "base/ip",
                                           "base/packet",
                                           "base/reassembly",
                                           "platform/sim",
                                           "platform/posix",
                                           "platform/arch/" HOST_ARCH,
                                           NULL };
static const char *const sim_arguments[] = { "seed", NULL };

const struct target targets[] = {
    { "linux", "a Linux process on the kernel's sockets", linux_folders, linux_libraries, none },
    { "sim", "a process in a simulation of its own: virtual time, and randomness from a seed", sim_folders,
      none, sim_arguments },
    { 0 },
};

const struct target *target_find(const char *name)
{
    struct strings names = { 0 };
    for (const struct target *t = targets; t->name != NULL; t++) {
        if (strcmp(t->name, name) == 0)
            return t;
        strings_add(&names, t->name);
    }
    const char *near = nearest(name, names.items);
    error("there is no target '%s'%s; the targets are: %s", name,
          near == NULL ? "" : text(" (did you mean %s?)", near), strings_join(&names, ", "));
    return NULL;
}
