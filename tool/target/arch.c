#include "target/arch.h"

#include <assert.h>
#include <string.h>

#include "base/keep.h"
#include "base/nearest.h"
#include "base/report.h"
#include "base/strings.h"

#if defined __aarch64__
#define HOST "aarch64"
#elif defined __x86_64__
#define HOST "x86_64"
#else
#error "which folder of platform/arch/ is this processor's?"
#endif

static const struct arch arches[] = {
    {
        .name = "x86_64",
        .triplet = "x86_64-linux-gnu",
        .package = "gcc-x86-64-linux-gnu",
        .emulator = "qemu-x86_64",
        .emulator_package = "qemu-user",
    },
    {
        .name = "aarch64",
        .triplet = "aarch64-linux-gnu",
        .package = "gcc-aarch64-linux-gnu",
        .emulator = "qemu-aarch64",
        .emulator_package = "qemu-user",
    },
};

static const struct arch *named(const char *name)
{
    for (size_t i = 0; i < sizeof arches / sizeof *arches; i++)
        if (strcmp(arches[i].name, name) == 0)
            return &arches[i];
    return NULL;
}

const struct arch *arch_host(void)
{
    return named(HOST);
}

bool arch_is_foreign(const struct arch *arch)
{
    return strcmp(arch->name, HOST) != 0;
}

const struct arch *arch_find(const char *name, const char *const *known, const char *target)
{
    struct strings all = { 0 };
    if (name == NULL)
        name = listed(known, HOST) ? HOST : known[0];
    if (listed(known, name)) {
        const struct arch *arch = named(name);
        assert(arch != NULL); /* a target lists those that are here */
        return arch;
    }
    for (; *known != NULL; known++)
        strings_add(&all, *known);
    const char *near = nearest(name, all.items);
    error("the target %s is not for the processor '%s'%s; it is for: %s", target, name,
          near == NULL ? "" : text(" (did you mean %s?)", near), strings_join(&all, ", "));
    return NULL;
}
