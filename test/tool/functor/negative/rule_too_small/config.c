#include <mirage/config.h>

void config(void)
{
    functor(JOB, BLOCK) look = foreign("look.c", JOB, BLOCK);
    BLOCK disk = set_int(ramdisk(512), "sector_size", 4096);

    register_job("look", apply(look, disk));
}
