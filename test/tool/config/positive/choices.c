// graph: 0: console_unix() -> CONSOLE @47
// graph: 1: socket_stack() -> STACK @48
// graph: 2: hello.c(CONSOLE, STACK) -> JOB 0 1 @48
// graph: job hello: 2 @48
// graph: key quiet=false
// graph: key site=here
// graph: key name=
// graph: key net=socket
// keys: --quiet
// graph: 0: random_getrandom() -> RANDOM @46
// graph: 1: hello.c(RANDOM) -> CONSOLE 0 @46
// graph: 2: socket_stack() -> STACK @48
// graph: 3: hello.c(CONSOLE, STACK) -> JOB 1 2 @48
// graph: job hello: 3 @48
// graph: key quiet=true given
// graph: key site=here
// graph: key name=
// graph: key net=socket
// keys: --site=there --net=socket
// graph: 0: console_unix() -> CONSOLE named there @47
// graph: 1: socket_stack() -> STACK @48
// graph: 2: hello.c(CONSOLE, STACK) -> JOB 0 1 @48
// graph: job hello: 2 @48
// graph: key quiet=false
// graph: key site=there given
// graph: key name=
// graph: key net=socket given
// keys: --name=x
// graph: 0: console_unix() -> CONSOLE @48
// graph: 1: socket_stack() -> STACK @48
// graph: 2: hello.c(CONSOLE, STACK) -> JOB 0 1 @48
// graph: job hello: 2 @48
// graph: key quiet=false
// graph: key site=here
// graph: key name=x given
// graph: key net=socket
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, STACK) hello = foreign("../modules/hello.c", JOB, CONSOLE, STACK);
    functor(CONSOLE, RANDOM) dice = foreign("../modules/hello.c", CONSOLE, RANDOM);
    BOOL_KEY quiet = key_bool("quiet", false, "say less");
    ENUM_KEY where = key_enum("site", "here", "where it speaks", "here", "there");
    STRING_KEY name = key_string("name", "", "its name");
    CONSOLE console = if_impl(quiet, apply(dice, default_random()),
                              match_impl(CONSOLE, where, {"here", default_console()}, {"there", named(default_console(), "there")}));
    register_job("hello", apply(hello, match_impl(CONSOLE, name, {"", console}, {"x", default_console()}), generic_stack()));
}
