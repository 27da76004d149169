#include <mirage/config.h>

void config(void)
{
    functor(JOB, BLOCK) look = foreign("look.c", JOB, BLOCK);
    BLOCK disk = set_int(ramdisk(1 << 20), "sector_size", 768);

    register_job("look", apply(look, disk));
}
