#include <mirage/config.h>

/* The program that client.py runs against its own servers. */
void config(void)
{
    functor(JOB, CONSOLE, HTTP_CLIENT) client = foreign("unikernel.c", JOB, CONSOLE, HTTP_CLIENT);
    register_job("client", apply(client, default_console(), http_client(socket_stack(), resolver())));
}
