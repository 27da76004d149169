// graph: 0: ramdisk() -> BLOCK size=4096 named from @14
// graph: 1: ramdisk() -> BLOCK size=4096 named to @14
// graph: 2: ramdisk() -> BLOCK size=4096 @14
// graph: 3: hello.c(BLOCK, BLOCK, BLOCK) -> JOB 0 1 2 @14
// graph: 4: ramdisk() -> BLOCK size=8192 @15
// graph: 5: hello.c(BLOCK, BLOCK, BLOCK) -> JOB 0 2 4 @15
// graph: job copy: 3 @14
// graph: job copy-2: 5 @15
#include <mirage/config.h>

void config(void)
{
    functor(JOB, BLOCK, BLOCK, BLOCK) copy = foreign("../modules/hello.c", JOB, BLOCK, BLOCK, BLOCK);
    register_job("copy", apply(copy, named(ramdisk(4096), "from"), named(ramdisk(4096), "to"), ramdisk(4096)));
    register_job("copy-2", apply(copy, named(named(ramdisk(4096), "inner"), "from"), ramdisk(4096), ramdisk(8192)));
}
