#include "target/launch.h"

#include "base/keep.h"
#include "base/process.h"
#include "base/report.h"

static void add_arguments(const struct launch *launch, struct strings *argv)
{
    for (const char *const *word = launch->arguments; *word != NULL; word++)
        strings_add(argv, *word);
}

bool launch_process(const struct launch *launch, struct strings *argv)
{
    const struct arch *arch = launch->arch;
    if (arch_is_foreign(arch)) {
        if (program_find(arch->emulator) == NULL) {
            error("starting a program for %s needs %s; install the package %s", arch->name, arch->emulator,
                  arch->emulator_package);
            return false;
        }
        const char *const emulated[] = { arch->emulator, "-L", text("/usr/%s", arch->triplet) };
        strings_add_all(argv, emulated, sizeof emulated / sizeof *emulated);
    }
    strings_add(argv, launch->binary);
    add_arguments(launch, argv);
    return true;
}

bool launch_gdb(const struct launch *launch, struct strings *argv)
{
    if (arch_is_foreign(launch->arch)) {
        error("a program for %s cannot be debugged here; debug it built for %s", launch->arch->name,
              arch_host()->name);
        return false;
    }
    if (program_find("gdb") == NULL) {
        error("debugging needs gdb; install the package gdb");
        return false;
    }
    strings_add(argv, "gdb");
    strings_add(argv, "-q");
    if (launch->fibers != NULL) {
        strings_add(argv, "-x");
        strings_add(argv, launch->fibers);
    }
    strings_add(argv, "--args");
    strings_add(argv, launch->linked);
    add_arguments(launch, argv);
    return true;
}
