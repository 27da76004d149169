// keys: --site=there
// expect: no_case.c:10: error: match_impl has no case for 'there', the value of the key 'site'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    ENUM_KEY where = key_enum("site", "here", "where it speaks", "here", "there");
    CONSOLE console =
        match_impl(CONSOLE, where, {"here", default_console()});
    register_job("hello", apply(hello, console));
}
