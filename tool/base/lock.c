#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/paths.h"
#include "base/report.h"

static int lock_now(int fd, int how)
{
    int status;
    do {
        status = flock(fd, how);
    } while (status != 0 && errno == EINTR);
    return status;
}

/* Whether the path still leads to this open file. Who removes a folder removes its lock, too. */
static bool is_there(int fd, const char *path)
{
    struct stat opened, found;
    return fstat(fd, &opened) == 0 && stat(path, &found) == 0 && opened.st_dev == found.st_dev &&
           opened.st_ino == found.st_ino;
}

int lock_take(const char *path, const char *waiting)
{
    /* Again and again, when others remove the folder meanwhile; but not for ever. */
    for (int left = 1000; left > 0; left--) {
        if (!folder_make(path_folder(path)))
            return -1;
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0 && errno == ENOENT)
            continue;
        if (fd < 0)
            break;
        if (lock_now(fd, LOCK_EX | LOCK_NB) != 0) {
            if (waiting != NULL && errno == EWOULDBLOCK)
                fprintf(stderr, "%s\n", waiting);
            waiting = NULL;
            if (lock_now(fd, LOCK_EX) != 0) {
                close(fd);
                break;
            }
        }
        if (is_there(fd, path))
            return fd;
        close(fd);
    }
    error("cannot lock %s: %s", path_shown(path), strerror(errno));
    return -1;
}

int lock_application(const char *folder)
{
    return lock_take(text("%s/_build/" LOCK_NAME, folder),
                     text("Waiting for another mirage to finish in %s", path_shown(folder)));
}
