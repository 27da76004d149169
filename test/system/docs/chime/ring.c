#include <mirage/functor.h>

PARAM(CHIME, chime);
MODULE(JOB, ring);

IO err ring_start(struct chime *chime)
{
    return chime_ring(chime, 2);
}
