#include <mirage/config.h>

void config(void)
{
    functor(JOB) rules = foreign("rules.c", JOB);
    functor(JOB, BLOCK) look = foreign("look.c", JOB, BLOCK);

    register_job("one", apply(rules));
    register_job("two", apply(set_bool(set_int(rules, "size", 24), "whole", false)));
    register_job("look", apply(look, set_int(ramdisk(8192), "sector_size", 4096)));
}
