/* What the stack has of the process that it is in: descriptors that stand for its sockets, and the host's settings. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static bool fds[HOST_FDS_MAX];

int host_fd_new(void)
{
    int fd = eventfd(0, EFD_CLOEXEC);
    if (fd >= HOST_FDS_MAX) {
        close(fd);
        return -1;
    }
    if (fd >= 0)
        fds[fd] = true;
    return fd;
}

void host_fd_free(int fd)
{
    fds[fd] = false;
    close(fd);
}

bool host_fd_is(int fd)
{
    return fd >= 0 && fd < HOST_FDS_MAX && fds[fd];
}

bool host_setting(const char *name, char *out, size_t size)
{
    char path[256];
    const char *folder = getenv("MIRAGE_SYSCTL");
    if (folder == NULL)
        folder = "/proc/sys";
    if (strcmp(folder, "none") == 0)
        return false;
    int n = snprintf(path, sizeof path, "%s/", folder);
    snprintf(path + n, sizeof path - (size_t)n, "%s", name);
    for (char *c = path + n; *c != '\0'; c++)
        if (*c == '.')
            *c = '/';
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    bool ok = fgets(out, (int)size, file) != NULL;
    fclose(file);
    if (ok)
        out[strcspn(out, "\n")] = '\0';
    return ok;
}
