#ifndef ABACUS_PRIVATE_H
#define ABACUS_PRIVATE_H

#include <mirage/functor.h>

#include "../abacus.h"

MODULE(ABACUS, abacus);
KEY_INT(base, 0, INT64_MIN, INT64_MAX, "what is added to every sum");
ARG_INT(extra, 0, "what is added to every sum at run time");

struct abacus {
    int sums;
};

INTERNAL int add_up(int n);

#endif
