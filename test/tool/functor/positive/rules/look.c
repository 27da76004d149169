#include <mirage/functor.h>

PARAM(BLOCK, disk);
MODULE(JOB, look);

IO err look_start(struct disk *disk)
{
    struct block_info info;

    disk_info(disk, &info);
    return info.sectors > 0 ? OK : ERR_INVALID;
}
