// graph: 0: socket_stack() -> STACK @43
// graph: 1: pclock_unix() -> PCLOCK @44
// graph: 2: http_server(STACK, PCLOCK) -> HTTP 0 1 @44
// graph: 3: crunch() -> KV_RO folder=files markdown=true @44
// graph: 4: site(HTTP, KV_RO) -> SITE 2 3 @44
// graph: 5: crunch() -> KV_RO folder=files @45
// graph: 6: kv_mem() -> KV_RW @45
// graph: 7: hello.c(SITE, KV_RO, KV_RO, KV_RO) -> JOB 4 5 5 6 @45
// graph: 8: block_of_file() -> BLOCK path=disk.img @46
// graph: 9: ramdisk() -> BLOCK size=4096 @46
// graph: 10: resolver() -> RESOLVER @46
// graph: 11: random_getrandom() -> RANDOM @46
// graph: 12: hello.c(BLOCK, BLOCK, RESOLVER, RANDOM) -> JOB 8 9 10 11 @46
// graph: job files: 7 @45
// graph: job rest: 12 @46
// graph: key net=socket
// graph: key kv=crunch
// keys: --kv=direct
// graph: 0: socket_stack() -> STACK @43
// graph: 1: pclock_unix() -> PCLOCK @44
// graph: 2: http_server(STACK, PCLOCK) -> HTTP 0 1 @44
// graph: 3: crunch() -> KV_RO folder=files markdown=true @44
// graph: 4: site(HTTP, KV_RO) -> SITE 2 3 @44
// graph: 5: crunch() -> KV_RO folder=files @45
// graph: 6: direct_kv_ro() -> KV_RO root=files @45
// graph: 7: kv_mem() -> KV_RW @45
// graph: 8: hello.c(SITE, KV_RO, KV_RO, KV_RO) -> JOB 4 5 6 7 @45
// graph: 9: block_of_file() -> BLOCK path=disk.img @46
// graph: 10: ramdisk() -> BLOCK size=4096 @46
// graph: 11: resolver() -> RESOLVER @46
// graph: 12: random_getrandom() -> RANDOM @46
// graph: 13: hello.c(BLOCK, BLOCK, RESOLVER, RANDOM) -> JOB 9 10 11 12 @46
// graph: job files: 8 @45
// graph: job rest: 13 @46
// graph: key net=socket
// graph: key kv=direct given
#include <mirage/config.h>

void config(void)
{
    functor(JOB, SITE, KV_RO, KV_RO, KV_RO) files = foreign("../modules/hello.c", JOB, SITE, KV_RO, KV_RO, KV_RO);
    functor(JOB, BLOCK, BLOCK, RESOLVER, RANDOM) rest = foreign("../modules/hello.c", JOB, BLOCK, BLOCK, RESOLVER, RANDOM);
    STACK stack = generic_stack(default_network());
    SITE pages = site(http_server(stack), markdown("files"));
    register_job("files", apply(files, pages, crunch("files"), generic_kv_ro("files"), kv_ro_of(kv_mem())));
    register_job("rest", apply(rest, block_of_file("disk.img"), ramdisk(4096), resolver(), default_random()));
}
