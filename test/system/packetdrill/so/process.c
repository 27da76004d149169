/* What the stack uses of its process: descriptors that stand for its sockets, and the host's settings. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
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

static void setting_path(char *path, size_t size, const char *folder, const char *name)
{
    int n = snprintf(path, size, "%s/", folder);
    snprintf(path + n, size - (size_t)n, "%s", name);
    for (char *c = path + n; *c != '\0'; c++)
        if (*c == '.')
            *c = '/';
}

static bool read_setting(const char *folder, const char *name, char *out, size_t size)
{
    char path[256];
    setting_path(path, sizeof path, folder, name);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    bool ok = fgets(out, (int)size, file) != NULL;
    fclose(file);
    if (ok)
        out[strcspn(out, "\n")] = '\0';
    return ok;
}

/*
 * The settings as they were read last. A script sets them with the sysctl of this folder, which writes to the
 * script's own folder, or writes to /proc/sys itself. What it did last counts.
 */
static struct seen {
    char name[64], kernel[128], own[128];
    struct timespec written; /* when `own` was */
    bool kernel_last;
} seen[SETTINGS_MAX];
static size_t seen_count;

/* The entry of this setting, made with what the kernel has at the beginning. NULL: there are too many. */
static struct seen *find_seen(const char *name)
{
    for (size_t i = 0; i < seen_count; i++)
        if (strcmp(seen[i].name, name) == 0)
            return &seen[i];
    if (seen_count == SETTINGS_MAX)
        return NULL;
    struct seen *made = &seen[seen_count++];
    snprintf(made->name, sizeof made->name, "%s", name);
    read_setting("/proc/sys", name, made->kernel, sizeof made->kernel);
    return made;
}

/* Read the kernel's setting again. Returns whether it has changed. */
static bool kernel_changed(struct seen *s)
{
    char now[128] = "";
    if (!read_setting("/proc/sys", s->name, now, sizeof now) || strcmp(now, s->kernel) == 0)
        return false;
    strcpy(s->kernel, now);
    return true;
}

/* Read the script's own setting again. Returns whether it was written, perhaps with the same value. */
static bool own_written(struct seen *s, const char *folder)
{
    char path[256];
    struct stat now;
    setting_path(path, sizeof path, folder, s->name);
    if (stat(path, &now) != 0 ||
        (now.st_mtim.tv_sec == s->written.tv_sec && now.st_mtim.tv_nsec == s->written.tv_nsec))
        return false;
    s->written = now.st_mtim;
    return read_setting(folder, s->name, s->own, sizeof s->own);
}

/* The folder of a script's own settings; NULL: it has none. */
static const char *own_folder(void)
{
    const char *folder = getenv("MIRAGE_SYSCTL");
    return folder != NULL && strcmp(folder, "none") != 0 ? folder : NULL;
}

bool host_reports(void)
{
    return own_folder() != NULL;
}

void host_report(const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/state", own_folder());
    FILE *file = fopen(path, "we");
    if (file == NULL || fputs(text, file) == EOF)
        fprintf(stderr, "packetdrill stack: %s cannot be written\n", path);
    if (file != NULL)
        fclose(file);
}

bool host_setting(const char *name, char *out, size_t size)
{
    if (getenv("MIRAGE_SYSCTL") == NULL)
        return read_setting("/proc/sys", name, out, size);
    struct seen *s = own_folder() != NULL ? find_seen(name) : NULL;
    if (s == NULL)
        return false;
    if (own_written(s, own_folder()))
        s->kernel_last = false;
    if (kernel_changed(s))
        s->kernel_last = true;
    const char *text = s->kernel_last ? s->kernel : s->own;
    if (*text == '\0')
        return false;
    snprintf(out, size, "%s", text);
    return true;
}
