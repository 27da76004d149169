/*
 * Pages come from the kernel. Stacks are cut from slabs of address space that take memory only where they are
 * touched. Under each stack lies a guard of PLATFORM_GUARD bytes, which is a page with nearly every compiler.
 * MADV_GUARD_INSTALL (Linux 6.13) makes a guard without a mapping of its own. mprotect needs such a mapping,
 * and the kernel limits the mappings of a process, by default to 65530. Guards take at most half of them,
 * because at the limit nobody else could map memory any more. Beyond that half the runtime's canary has to
 * do.
 *
 * The distance of two stacks is a guard more than their size. Otherwise, with sizes that are powers of two,
 * equal places of different stacks would all share one set of the second-level cache.
 */
#include <malloc.h>
#include <sys/mman.h>

#include <platform/platform.h>

#include "posix.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

/*
 * No kernel knows this advice. An emulator of system calls, such as qemu-user, may accept any advice and do
 * nothing.
 */
#define MADV_UNKNOWN 0x7fff

/* Two mappings for each guard: the guard itself and the memory behind it. */
#define MPROTECT_MOST 16384

#define SLAB_LEAST ((size_t)4 << 20)
#define SLAB_MOST ((size_t)256 << 20)

static struct {
    char *slab; /* the rest of the slab, which is not in use yet */
    size_t slab_left, slab_bytes;
    bool advice_checked;
    unsigned mprotected; /* guards that mprotect made */
} stacks;

enum posix_guard posix_guard;

static void *map(size_t size, int flags)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    return at != MAP_FAILED ? at : NULL;
}

void *platform_pages_alloc(size_t size)
{
    return map(size, 0);
}

void platform_pages_free(void *pages, size_t size)
{
    munmap(pages, size);
}

void platform_pages_trim(void *pages, size_t size)
{
    madvise(pages, size, MADV_DONTNEED);
}

void platform_heap_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/* Whether the success of madvise means that the page is guarded. */
static bool advice_counts(void *page)
{
    if (!stacks.advice_checked && madvise(page, PLATFORM_PAGE, MADV_UNKNOWN) == 0)
        return false;
    stacks.advice_checked = true;
    return true;
}

static bool guard(void *page)
{
    if (posix_guard == POSIX_GUARD_MADVISE) {
        if (advice_counts(page) && madvise(page, PLATFORM_GUARD, MADV_GUARD_INSTALL) == 0)
            return true;
        posix_guard = POSIX_GUARD_MPROTECT;
    }
    if (posix_guard == POSIX_GUARD_MPROTECT) {
        if (stacks.mprotected++ < MPROTECT_MOST && mprotect(page, PLATFORM_GUARD, PROT_NONE) == 0)
            return true;
        posix_guard = POSIX_GUARD_NONE;
    }
    return false;
}

void *platform_stack_alloc(size_t size, bool *guarded)
{
    size_t whole = size + PLATFORM_GUARD;
    if (stacks.slab_left < whole) {
        size_t bytes = stacks.slab_bytes == 0 ? SLAB_LEAST : stacks.slab_bytes * 2;
        if (bytes > SLAB_MOST)
            bytes = SLAB_MOST;
        if (bytes < whole)
            bytes = whole;
        char *slab = map(bytes, MAP_NORESERVE);
        if (slab == NULL)
            return NULL;
        /* With a huge page, the first touch of one stack would pay for thirty. */
        madvise(slab, bytes, MADV_NOHUGEPAGE);
        stacks.slab = slab;
        stacks.slab_left = stacks.slab_bytes = bytes;
    }
    char *page = stacks.slab;
    stacks.slab += whole;
    stacks.slab_left -= whole;
    *guarded = guard(page);
    return page + PLATFORM_GUARD;
}

void platform_stack_trim(void *stack, size_t size)
{
    madvise(stack, size, MADV_DONTNEED);
}
