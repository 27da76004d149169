/*
 * BELL: something that rings. M_listen(bell, ctx): raise the event with this ctx.
 * M_ring(bell, times): raise it so often.
 * Event M_on_ring(ctx, sound): `sound` becomes the listener's.
 */
#define BELL(M)                                          \
    DEVICE(M);                                           \
    void M##_listen(struct M *bell, void *ctx);          \
    void M##_ring(struct M *bell, int times);            \
    void M##_on_ring(void *ctx, struct buf *sound)
