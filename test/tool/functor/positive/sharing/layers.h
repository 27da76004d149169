/* GROUND: what things stand on. */
#define GROUND(M) \
    DEVICE(M);    \
    int M##_height(struct M *ground)

/* WALL: stands on a GROUND. M_top(wall, ground): the height of its top, for the ground that it stands on. */
#define WALL(M) WALL_ON(M, M##_ground)
#define WALL_ON(M, G)             \
    SUBMODULE(GROUND, G) GROUND(G); \
    DEVICE(M);                    \
    int M##_top(struct M *wall, struct G *ground); \
    void M##_listen(struct M *wall, void *ctx); \
    void M##_on_knock(void *ctx, int times)

/* HOUSE: a wall and its ground, to be used through it. */
#define HOUSE(M) HOUSE_ON(M, M##_ground, M##_wall)
#define HOUSE_ON(M, G, W)             \
    SUBMODULE(GROUND, G) GROUND(G);   \
    SUBMODULE(WALL_ON, W, G) WALL_ON(W, G); \
    DEVICE(M);                        \
    struct G *M##_get_ground(struct M *house); \
    struct W *M##_get_wall(struct M *house)
