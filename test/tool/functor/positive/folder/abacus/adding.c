#include "private.h"

int add_up(int n)
{
    return n == 0 ? 0 : n + add_up(n - 1);
}
