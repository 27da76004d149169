// expect: two_modules_of_one_name.c:8: error: there are two modules named 'disk': the other is on line 7
#include <mirage/config.h>

void config(void)
{
    functor(JOB, BLOCK, BLOCK) copy = foreign("../modules/hello.c", JOB, BLOCK, BLOCK);
    BLOCK from = named(ramdisk(4096), "disk");
    BLOCK to = named(ramdisk(8192), "disk");
    register_job("copy", apply(copy, from, to));
}
