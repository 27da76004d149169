#include <mirage/functor.h>

#include <stdio.h>

MODULE(JOB, shout);
KEY_STRING(text, "a \"quoted\" \\ text", "what to say");
KEY_INT(times, 1, "how often");
KEY_BOOL(loud, false, "with an exclamation mark");
KEY_STRINGS(names, "one", "two");

IO err shout_start(void)
{
    for (int64_t i = 0; i < key_times; i++)
        printf("%s%s\n", key_text, key_loud ? "!" : "");
    for (const char *const *name = (const char *const *)key_names; *name != NULL; name++)
        printf("- %s\n", *name);
    return OK;
}
