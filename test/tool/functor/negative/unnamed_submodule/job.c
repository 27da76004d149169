#include <mirage/functor.h>

#include "layers.h"

PARAM(WALL, wall);
MODULE(JOB, job);

IO err job_start(struct wall *wall)
{
    wall_listen(wall, NULL);
    return OK;
}
