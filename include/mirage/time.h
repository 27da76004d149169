/* Spans and points of monotonic time, in nanoseconds. */
#ifndef MIRAGE_TIME_H
#define MIRAGE_TIME_H

#include <stdint.h>

typedef int64_t os_time;

#define NANOSECONDS(n) ((os_time)(n))
#define MICROSECONDS(n) ((os_time)(n)*1000)
#define MILLISECONDS(n) ((os_time)(n)*1000000)
#define SECONDS(n) ((os_time)(n)*1000000000)
#define MINUTES(n) (SECONDS(60) * (n))
#define HOURS(n) (MINUTES(60) * (n))

/* A deadline that never comes. */
#define OS_NEVER INT64_MAX

#endif
