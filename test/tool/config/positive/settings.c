// graph: 0: console_unix() -> CONSOLE @36
// graph: 1: hello.c(CONSOLE) -> JOB loud=true window_scale=7 words=a,b c, -lzlib 0 @36
// graph: 2: hello.c(CONSOLE) -> JOB loud=true window_scale=3 word=hello -lzlib 0 @37
// graph: 3: hello.c(CONSOLE) -> JOB loud=true window_scale=7 -lzlib 0 @38
// graph: 4: hello.c(CONSOLE) -> JOB loud=false window_scale=7 -lzlib 0 @39
// graph: job constants: 1 @36
// graph: job keys: 2 @37
// graph: job unchanged: 3 @38
// graph: job disk: 4 @39
// graph: key times=3
// graph: key word=hello
// graph: key loud=false
// keys: --times=0x10 --word=bye --loud=true
// graph: 0: console_unix() -> CONSOLE @36
// graph: 1: hello.c(CONSOLE) -> JOB loud=true window_scale=7 words=a,b c, -lzlib 0 @36
// graph: 2: hello.c(CONSOLE) -> JOB loud=true window_scale=16 word=bye -lzlib 0 @37
// graph: 3: hello.c(CONSOLE) -> JOB loud=true window_scale=7 -lzlib 0 @38
// graph: job constants: 1 @36
// graph: job keys: 2 @37
// graph: job unchanged: 3 @38
// graph: job disk: 3 @39
// graph: key times=16 given
// graph: key word=bye given
// graph: key loud=true given
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    INT_KEY times = key_int("times", 3, "how often");
    STRING_KEY word = key_string("word", "hello", "what to say");
    hello = set_int(hello, "window_scale", 9);
    hello = set_bool(hello, "loud", true);
    hello = set_int(hello, "window_scale", 7);
    hello = with_library(hello, "zlib");
    register_job("constants", apply(set_strings(hello, "words", "a", "b c"), default_console()));
    register_job("keys", set_string(set_int(apply(hello, default_console()), "window_scale", times), "word", word));
    register_job("unchanged", apply(hello, default_console()));
    register_job("disk", apply(set_bool(hello, "loud", key_bool("loud", false, "shout")), default_console()));
}
