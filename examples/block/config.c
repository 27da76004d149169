#include <mirage/config.h>

void config(void)
{
    ENUM_KEY disk =
        key_enum("disk", "ram", "where the sectors are: in memory or in the file disk.img", "ram", "file");
    BLOCK block = match_impl(BLOCK, disk, { "ram", ramdisk(1 << 20) }, { "file", block_of_file("disk.img") });

    functor(JOB, CONSOLE, BLOCK) check = foreign("unikernel.c", JOB, CONSOLE, BLOCK);
    register_job("check", apply(check, default_console(), block));
}
