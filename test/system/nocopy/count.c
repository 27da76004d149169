/*
 * A library for LD_PRELOAD. It counts the bytes of copies that are longer than any headers, and writes the
 * sum as text to the shared memory that COPIES names. It contains its own loop for copying, because it
 * replaces libc's functions.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The size of Ethernet's, IPv6's and TCP's headers with all options, and some more. */
enum { HEADERS = 128 };

static uint64_t *copied;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("COPIES");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    void *memory =
        fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *copied, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory != MAP_FAILED)
        copied = memory;
    if (fd >= 0)
        close(fd);
}

static void *copy(void *to, const void *from, size_t len)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    if (len > HEADERS && copied != NULL)
        *copied += len;
    if (t < f) {
        __asm__ volatile("rep movsb" : "+D"(t), "+S"(f), "+c"(len) : : "memory");
    } else if (t > f) {
        t += len - 1;
        f += len - 1;
        __asm__ volatile("std\n\trep movsb\n\tcld" : "+D"(t), "+S"(f), "+c"(len) : : "memory");
    }
    return to;
}

void *memcpy(void *to, const void *from, size_t len)
{
    return copy(to, from, len);
}

void *memmove(void *to, const void *from, size_t len)
{
    return copy(to, from, len);
}

void *mempcpy(void *to, const void *from, size_t len)
{
    return (char *)copy(to, from, len) + len;
}

void *__memcpy_chk(void *to, const void *from, size_t len, size_t room)
{
    return len > room ? (abort(), NULL) : copy(to, from, len);
}

void *__memmove_chk(void *to, const void *from, size_t len, size_t room)
{
    return len > room ? (abort(), NULL) : copy(to, from, len);
}
