#include <mirage/functor.h>

PARAM(HTTP, http);
PARAM(SITE_ON, site, http);
MODULE(JOB, server);

ARG_PORT(port, 8080, "TCP port to listen on");

IO err http_on_request(void *ctx, struct http_exchange *exchange)
{
    return site_serve(ctx, exchange, http_request(exchange)->path);
}

IO err server_start(struct http *http, struct site *site)
{
    return http_serve(http, port, site);
}
