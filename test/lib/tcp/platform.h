#ifndef TEST_TCP_PLATFORM_H
#define TEST_TCP_PLATFORM_H

#include <stdint.h>

void platform_seed(uint64_t seed);
uint64_t splitmix(uint64_t *state);

#endif
