/* The tests' host and wire (test/lib/tcp/hosts.h) for fuzzers: whatever is not so aborts. */
#ifndef FUZZ_TCP_HOST_H
#define FUZZ_TCP_HOST_H

#define TEST_SUPPORT_TEST_H

#include <stdlib.h>
#include <string.h>

#include <mirage/os.h>

#include "../check.h"

#define CHECK_EQUAL(a, b) CHECK((a) == (b))

/* Of `units`: limits so low that they are met. */
#define UNIT "tcp_unit.h"

#include "test/lib/tcp/hosts.h"

#endif
