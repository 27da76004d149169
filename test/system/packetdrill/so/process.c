/* What the stack uses of its process: descriptors that stand for its sockets, and the host's settings. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { SETTINGS_MAX = 64 };

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

static bool read_setting(const char *folder, const char *name, char *out, size_t size)
{
    char path[256];
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

/* The kernel's settings at the beginning. */
static struct {
    char name[64], text[128];
} initial[SETTINGS_MAX];
static size_t initial_count;

/* Whether a script has written to /proc/sys itself, and not with the sysctl of this folder. */
static bool kernel_setting(const char *name, char *out, size_t size)
{
    char text[128] = "";
    read_setting("/proc/sys", name, text, sizeof text);
    for (size_t i = 0; i < initial_count; i++)
        if (strcmp(initial[i].name, name) == 0) {
            snprintf(out, size, "%s", text);
            return strcmp(initial[i].text, text) != 0;
        }
    if (initial_count < SETTINGS_MAX) {
        snprintf(initial[initial_count].name, sizeof initial->name, "%s", name);
        snprintf(initial[initial_count++].text, sizeof initial->text, "%s", text);
    }
    return false;
}

bool host_setting(const char *name, char *out, size_t size)
{
    const char *folder = getenv("MIRAGE_SYSCTL");
    if (folder == NULL)
        return read_setting("/proc/sys", name, out, size);
    if (strcmp(folder, "none") == 0)
        return false;
    return kernel_setting(name, out, size) || read_setting(folder, name, out, size);
}
