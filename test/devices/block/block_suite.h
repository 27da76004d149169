/* Tests the contract of BLOCK on a writable disk of at least 64 sectors that are all zeros. */
#ifndef TEST_DEVICES_BLOCK_SUITE_H
#define TEST_DEVICES_BLOCK_SUITE_H

struct block;

#define BLOCK_SUITE(M) int M(struct block *block)
BLOCK_SUITE(block_suite);

#endif
