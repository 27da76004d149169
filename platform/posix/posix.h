/* What the files of this folder show to tests of their platforms. */
#ifndef PLATFORM_POSIX_POSIX_H
#define PLATFORM_POSIX_POSIX_H

/* How stacks are guarded: the best way that the kernel has granted so far. */
enum posix_guard { POSIX_GUARD_MADVISE, POSIX_GUARD_MPROTECT, POSIX_GUARD_NONE };
extern enum posix_guard posix_guard __attribute__((visibility("hidden")));

#endif
