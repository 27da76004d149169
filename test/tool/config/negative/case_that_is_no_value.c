// expect: case_that_is_no_value.c:8: error: 'their' is no value of the key 'site', which is one of here, there
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    ENUM_KEY where = key_enum("site", "here", "where it speaks", "here", "there");
    CONSOLE console = match_impl(CONSOLE, where, {"here", default_console()}, {"their", default_console()});
    register_job("hello", apply(hello, console));
}
