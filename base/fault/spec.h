/* The text of faults, as loss=5%,delay=10ms: what happens to the frames that go one way. */
#ifndef BASE_FAULT_SPEC_H
#define BASE_FAULT_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include <mirage/err.h>
#include <mirage/time.h>

/* Shares are of FAULT_PARTS. */
#define FAULT_PARTS 1000000

struct fault_spec {
    uint32_t loss, duplicate, corrupt, reorder;
    os_time delay, jitter, hold;
    uint64_t rate; /* bits a second; 0: no limit */
    size_t queue;  /* frames under way at most */
};

/*
 * Read "loss=5%,delay=10ms,jitter=2ms,rate=100M"; NULL and "" are no faults. ERR_FORMAT, and *wrong is the
 * part that is not understood.
 */
err fault_spec_parse(struct fault_spec *out, const char *text, const char **wrong);

#endif
