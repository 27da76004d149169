// gcc: setting_of_wrong_type.c:8:37: error: passing argument 3 of 'set_int' makes integer from pointer without a cast: expected 'int64_t' but argument is of type 'char *'
// clang: setting_of_wrong_type.c:8: 'char[6]' 'int64_t'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    hello = set_int(hello, "times", "three");
    register_job("hello", apply(hello, default_console()));
}
