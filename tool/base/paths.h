/* Paths as text. What these functions make is kept until the tool exits. */
#ifndef TOOL_PATHS_H
#define TOOL_PATHS_H

/* The absolute path. The file need not exist. */
char *path_absolute(const char *path);

/* The path of `name` in `folder`. It is `name` alone when that is absolute. */
char *path_join(const char *folder, const char *name);

/* What follows the last slash: a part of `path`. */
const char *path_name(const char *path);

/* What precedes the last slash, or "." when there is none. */
char *path_folder(const char *path);

/* The path as the user would write it: relative to the working directory when it lies below, else `path`. */
const char *path_shown(const char *path);

#endif
