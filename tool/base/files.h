/* Files and folders of the host. */
#ifndef TOOL_FILES_H
#define TOOL_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"

/* Whether the path is that of something other than a folder. Symbolic links are followed. */
bool file_exists(const char *path);

/* Whether the path is that of a folder. Symbolic links are followed. */
bool folder_exists(const char *path);

/*
 * Append the paths of the folder's files whose names end in `ending`, sorted by name and kept until the tool
 * exits. Hidden files are left out. Returns whether there are any.
 */
bool folder_files(const char *folder, const char *ending, struct strings *out);

/*
 * The contents of a file, with a NUL after them, kept until the tool exits. `len`, when not NULL, receives
 * their length without that NUL. NULL: the file cannot be read, and errno says why.
 */
char *file_read(const char *path, size_t *len);

/*
 * Write a file, and make the folders that it lies in. A file that has these contents already is left alone,
 * so that its time does not change and nothing is built again because of it. On failure, prints an error and
 * returns false.
 */
bool file_write(const char *path, const char *data, size_t len);

/* Make a folder and those that it lies in. On failure, prints an error and returns false. */
bool folder_make(const char *path);

/* Whether the folder is there, or can be made, and files can be made in it. */
bool folder_writable(const char *path);

#endif
