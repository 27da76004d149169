/* ABACUS: M_sum(abacus, n): 1 + 2 + … + n. */
#define ABACUS(M) \
    DEVICE(M);    \
    int M##_sum(struct M *abacus, int n)
