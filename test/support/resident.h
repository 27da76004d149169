/* Measures resident memory, for tests that memory is given back. */
#ifndef TEST_SUPPORT_RESIDENT_H
#define TEST_SUPPORT_RESIDENT_H

#include <stdio.h>

/* Whether resident memory can be measured. ASan keeps what was freed, and Valgrind adds memory of its own. */
#if defined __SANITIZE_ADDRESS__
#define RESIDENT_COUNTS false
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define RESIDENT_COUNTS false
#endif
#endif
#ifndef RESIDENT_COUNTS
#define RESIDENT_COUNTS true
#endif

/* The bytes of the process that are in memory now. */
static __attribute__((unused)) size_t resident(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%*u %lu", &pages) != 1)
        pages = 0;
    if (f != NULL)
        fclose(f);
    return (size_t)pages * 4096;
}

#endif
