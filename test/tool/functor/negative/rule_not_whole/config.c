#include <mirage/config.h>

void config(void)
{
    functor(JOB, BLOCK) look = foreign("look.c", JOB, BLOCK);
    BLOCK disk = ramdisk(1000);

    register_job("look", apply(look, disk));
}
