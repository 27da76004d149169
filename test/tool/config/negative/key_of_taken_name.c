// expect: key_of_taken_name.c:6: error: 'release' cannot name a key: the command has an option of that name
#include <mirage/config.h>

void config(void)
{
    BOOL_KEY release = key_bool("release", false, "for the public");
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    JOB job = apply(hello, default_console());
    register_job("hello", if_impl(release, job, job));
}
