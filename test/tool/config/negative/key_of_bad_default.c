// expect: key_of_bad_default.c:7: error: 'everywhere' cannot be the default of the key 'site': it is one of here, there
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    ENUM_KEY where = key_enum("site", "everywhere", "where it speaks", "here", "there");
    (void)where;
    register_job("hello", apply(hello, default_console()));
}
