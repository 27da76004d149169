/* SOURCE: numbers, one after the other. M_next(source): the next one. M_calls(source): how many it gave. */
#define SOURCE(M)                       \
    DEVICE(M);                          \
    int M##_next(struct M *source);     \
    int M##_calls(struct M *source)
