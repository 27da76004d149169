// expect: null_job.c:6: error: the job 'hello' is NULL
#include <mirage/config.h>

void config(void)
{
    register_job("hello", NULL);
}
