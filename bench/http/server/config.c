#include <mirage/config.h>

/* A site of one page, as the website example serves its own. */
void config(void)
{
    functor(JOB, HTTP, SITE) server = foreign("unikernel.c", JOB, HTTP, SITE);
    HTTP http = http_server(generic_stack());
    register_job("server", apply(server, http, site(http, crunch("htdocs"))));
}
