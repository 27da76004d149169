#include <mirage/functor.h>

PARAM(CONSOLE, console);
PARAM(KV_RO, files);
PARAM(SITE, site);
MODULE(JOB, show);

/* Print the one file that was compiled in. */
IO err show_start(struct console *console, struct files *files, struct site *site)
{
    char text[64];
    struct buf *value = NULL;
    (void)site;

    TRY(files_get(files, "greeting.txt", &value));
    size_t len = buf_len(value);
    err e = len > sizeof text ? ERR_TOO_LARGE : buf_read_copy(value, 0, text, len);
    buf_free(value);
    return e == OK ? console_write(console, text, len) : e;
}
