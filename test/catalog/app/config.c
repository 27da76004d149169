#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) app = foreign("app.c", JOB, CONSOLE);
    register_job("app", apply(app, toy(default_console(), "box")));
}
