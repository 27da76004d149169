#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, KV_RO) list_files = foreign("unikernel.c", JOB, CONSOLE, KV_RO);
    register_job("list", apply(list_files, default_console(), generic_kv_ro("files")));
}
