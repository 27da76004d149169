// gcc: if_of_wrong_key.c:9:48: error: passing argument 1 of 'if_impl' from incompatible pointer type: expected 'BOOL_KEY' but argument is of type 'ENUM_KEY'
// clang: if_of_wrong_key.c:9: 'ENUM_KEY' 'BOOL_KEY'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    ENUM_KEY quiet = key_enum("quiet", "no", "say less", "no", "yes");
    register_job("hello", apply(hello, if_impl(quiet, default_console(), default_console())));
}
