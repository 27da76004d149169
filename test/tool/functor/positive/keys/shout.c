#include <mirage/functor.h>

#include <stdio.h>

MODULE(JOB, shout);
KEY_STRING(text, "a \"quoted\" \\ text", "what to say");
KEY_INT(times, 1, 0, 9, "how often");
KEY_BOOL(loud, false, "with an exclamation mark");
KEY_ENUM(mark, "!", "the mark that loud ones end with", "!", "?");
KEY_STRINGS(names, "one", "two");

/* A key is a constant expression where C asks for one. */
_Static_assert(KEY_CONSTANT(times) <= 9, "more than was said");
static const char *const said[KEY_CONSTANT(times) + 1] = { [KEY_CONSTANT(times)] = "%s%s\n" };

IO err shout_start(void)
{
    for (int64_t i = 0; i < key_times; i++)
        printf(said[key_times], key_text, key_loud ? key_mark : "");
    for (const char *const *name = (const char *const *)key_names; *name != NULL; name++)
        printf("- %s\n", *name);
    return OK;
}
