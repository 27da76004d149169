#include <mirage/config.h>

void config(void)
{
    functor(JOB, BLOCK) look = foreign("look.c", JOB, BLOCK);
    BLOCK disk = set_int(block_of_file("disk.img"), "sector_size", 1024);

    register_job("look", apply(look, disk));
}
