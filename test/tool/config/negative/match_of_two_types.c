// gcc: match_of_two_types.c:11:44: error: initialization of 'CONSOLE' from incompatible pointer type 'PCLOCK'
// clang: match_of_two_types.c:11: 'CONSOLE' 'PCLOCK'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    ENUM_KEY where = key_enum("site", "here", "where it speaks", "here", "there");
    CONSOLE console = match_impl(CONSOLE, where,
                                 {"here", default_console()},
                                 {"there", default_pclock()});
    register_job("hello", apply(hello, console));
}
