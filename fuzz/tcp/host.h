/* The tests' host and wire (test/lib/tcp/net.c) for fuzzers: whatever is not so aborts. */
#ifndef FUZZ_TCP_HOST_H
#define FUZZ_TCP_HOST_H

#define TEST_SUPPORT_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mirage/os.h>

#define CHECK(condition)                                                            \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                \
        }                                                                           \
    } while (0)
#define CHECK_EQUAL(a, b) CHECK((a) == (b))

/* Limits so low that they are met. */
#define MIRAGE_KEY_syn_backlog 2
#define MIRAGE_KEY_fast_open 2
#define MIRAGE_KEY_time_wait_max 2
#define MIRAGE_KEY_orphans_max 2
#define MIRAGE_KEY_connections_max 8
#define MIRAGE_KEY_memory_max 100000
#define MIRAGE_KEY_ecn 1

#include "test/lib/tcp/net.c"

#endif
