/*
 * The modules that a program is made of, as its generated main.c lists them. The linker leaves this out of
 * programs that don't use it.
 */
#ifndef MIRAGE_PROGRAM_H
#define MIRAGE_PROGRAM_H

#include <mirage/arg.h>

/* An instance: a module or a job. */
struct program_module {
    const char *name;      /* "pcap__2": the prefix of its symbols */
    const char *signature; /* "NETWORK" */
    const char *made_of;   /* "pcap(network_tap)" */
    const char *source;    /* path below the project's root or below the application's folder */
};

struct program_info {
    const char *name;
    const char *target;
    bool release;
    size_t module_count;
    const struct program_module *modules; /* each before the modules that take it */
    const struct arg_program *arguments;
};

extern const struct program_info program_info;

#endif
