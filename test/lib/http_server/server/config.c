#include <mirage/config.h>

/* The program for the end-to-end tests of HTTP: handlers for each case, and a site. */
void config(void)
{
    functor(JOB, HTTP, SITE) server = foreign("unikernel.c", JOB, HTTP, SITE);
    HTTP http = http_server(generic_stack());
    register_job("server", apply(server, http, site(http, generic_kv_ro("htdocs"))));
}
