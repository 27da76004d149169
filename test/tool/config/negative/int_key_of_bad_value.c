// keys: --workers=many
// expect: mirage: error: 'many' is no value of the key --workers: it is a number
#include <mirage/config.h>

void config(void)
{
    key_int("workers", 1, "how many at once");
    functor(JOB, STACK) serve = foreign("../modules/hello.c", JOB, STACK);
    register_job("serve", apply(serve, generic_stack()));
}
