/*
 * Devices that the program was given when it was started, by the protocol of systemd's socket activation:
 * open descriptors from 3 on, LISTEN_FDS of them, for the process LISTEN_PID, with their names, separated by
 * colons, in LISTEN_FDNAMES. There a device has its kind and its own name: "network.tap0".
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <platform/platform.h>

#define FIRST 3

static bool is_called(const char *given, size_t len, const char *kind, const char *name)
{
    size_t before = strlen(kind);
    return len == before + 1 + strlen(name) && memcmp(given, kind, before) == 0 && given[before] == '.' &&
           memcmp(given + before + 1, name, len - before - 1) == 0;
}

err platform_device(const char *kind, const char *name, intptr_t *handle)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS"), *names = getenv("LISTEN_FDNAMES");
    if (pid == NULL || count == NULL || names == NULL || atol(pid) != getpid())
        return ERR_NOT_FOUND;
    for (int fd = FIRST; fd - FIRST < atoi(count); fd++) {
        size_t len = strcspn(names, ":");
        if (is_called(names, len, kind, name)) {
            int flags = fcntl(fd, F_GETFL);
            if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
                return ERR_INVALID;
            *handle = fd;
            return OK;
        }
        if (names[len] == '\0')
            break;
        names += len + 1;
    }
    return ERR_NOT_FOUND;
}
