/*
 * A console whose lines begin with a word.
 *
 * The rest of this comment is for whoever changes it.
 */
#include <mirage/functor.h>

#include <stdlib.h>
#include <string.h>

PARAM(CONSOLE, console);
MODULE(CONSOLE, toy);
CATALOG(toy, console, word);

KEY_STRING(word, "toy", "what a line begins with");
ARG_BOOL(toy_loud, false, "end lines with a mark");

struct toy {
    struct console *console;
};

IO err toy_connect(struct toy **out, struct console *console)
{
    struct toy *toy = malloc(sizeof *toy);
    if (toy == NULL)
        return ERR_NO_MEMORY;
    *toy = (struct toy){ console };
    *out = toy;
    return OK;
}

IO void toy_disconnect(struct toy *toy)
{
    free(toy);
}

IO err toy_write(struct toy *toy, const void *data, size_t len)
{
    return console_write(toy->console, data, len);
}

IO err toy_log(struct toy *toy, const char *line)
{
    TRY(toy_write(toy, key_word, strlen(key_word)));
    TRY(toy_write(toy, ": ", 2));
    return console_log(toy->console, toy_loud ? "!" : line);
}
