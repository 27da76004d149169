#include <errno.h>
#include <sys/random.h>

#include <platform/platform.h>

err platform_entropy(void *out, size_t len)
{
    char *at = out;
    while (len > 0) {
        ssize_t n = getrandom(at, len, 0);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return ERR_IO;
        }
        at += n;
        len -= (size_t)n;
    }
    return OK;
}
