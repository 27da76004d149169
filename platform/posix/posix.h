/* What the files of this folder let their platform's tests reach. */
#ifndef PLATFORM_POSIX_POSIX_H
#define PLATFORM_POSIX_POSIX_H

/* How a stack is guarded: the best that the kernel has granted so far. */
enum posix_guard { POSIX_GUARD_MADVISE, POSIX_GUARD_MPROTECT, POSIX_GUARD_NONE };
extern enum posix_guard posix_guard __attribute__((visibility("hidden")));

#endif
