/* The host and the wire of the tests (test/lib/tcp/hosts.h) for fuzzers. A check that fails aborts. */
#ifndef FUZZ_TCP_HOST_H
#define FUZZ_TCP_HOST_H

#define TEST_SUPPORT_TEST_H

#include <stdlib.h>
#include <string.h>

#include <mirage/os.h>

#include "../check.h"

#define CHECK_EQUAL(a, b) CHECK((a) == (b))

/* This unit of `units` has limits low enough to be reached. */
#define UNIT "tcp_unit.h"

#include "test/lib/tcp/hosts.h"

#endif
