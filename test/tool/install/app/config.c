#include <mirage/config.h>

/*
 * One of each kind of thing that an installation has to bring: devices, a folder of data, a functor of lib/.
 */
void config(void)
{
    functor(JOB, CONSOLE, KV_RO, SITE) show = foreign("show.c", JOB, CONSOLE, KV_RO, SITE);
    KV_RO files = crunch("files");
    SITE web = site(http_server(generic_stack()), files);
    register_job("show", apply(show, default_console(), files, web));
}
