/*
 * What the program is made of, as its generated main.c tells it. The linker leaves it out of
 * programs that don't ask.
 */
#ifndef MIRAGE_PROGRAM_H
#define MIRAGE_PROGRAM_H

#include <mirage/arg.h>

/* An instance: a module or a job. */
struct program_module {
    const char *name;      /* "pcap__2": the prefix of its symbols */
    const char *signature; /* "NETWORK" */
    const char *made_of;   /* "pcap(network_tap)" */
    const char *source;    /* under the project's root or the application's folder */
};

struct program_info {
    const char *name;
    const char *target;
    bool release;
    size_t module_count;
    const struct program_module *modules; /* before what they are given to */
    const struct arg_program *arguments;
};

extern const struct program_info program_info;

#endif
