// expect: missing_folder.c:7: error: there is no folder 'htdocs' for crunch
#include <mirage/config.h>

void config(void)
{
    functor(JOB, KV_RO) hello = foreign("../modules/hello.c", JOB, KV_RO);
    register_job("hello", apply(hello, crunch("htdocs")));
}
