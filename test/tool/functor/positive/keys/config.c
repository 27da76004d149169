#include <mirage/config.h>

void config(void)
{
    functor(JOB) shout = foreign("shout.c", JOB);
    STRING_KEY words = key_string("words", "by key", "what the third says");
    INT_KEY often = key_int("often", 2, "how often the third says it");

    register_job("one", apply(shout));
    register_job("two", apply(set_string(set_bool(set_string(shout, "text", "back\\slash \"and\" more"), "loud", true), "mark", "?")));
    register_job("three", apply(set_strings(set_int(set_string(shout, "text", words), "times", often), "names", "x", "y", "z")));
}
