/* Locks between processes: one mirage at a time works in a folder. */
#ifndef TOOL_LOCK_H
#define TOOL_LOCK_H

/*
 * Take the lock that the file `path` stands for, and make the file and its folders when they are missing.
 * Waits while another process has the lock. `waiting`, when not NULL, is printed when there is somebody to
 * wait for. Returns a descriptor. The lock is free again when it is closed, when the process ends, and when
 * the process is replaced by another program. On failure, prints an error and returns -1.
 */
int lock_take(const char *path, const char *waiting);

/* The file in _build that is its lock. */
#define LOCK_NAME "lock"

/* The lock of an application's folder, whose _build one mirage at a time writes to. Who waits is told. */
int lock_application(const char *folder);

#endif
