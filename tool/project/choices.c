#include "project/choices.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/paths.h"

static const char *choices_path(const struct project *p)
{
    return text("%s/_build/%s.choices", p->home, path_name(p->config));
}

static const char *kept_text(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));
    return s == NULL ? NULL : keep_string(s);
}

/* The key's name: "net" for "net=socket", "fast" for "fast" and "no-fast". */
static const char *key_of(const char *word)
{
    size_t len = strcspn(word, "=");
    return word[len] == '\0' && strncmp(word, "no-", 3) == 0 ? word + 3 : keep_bytes(word, len);
}

static bool sets_key(const struct strings *words, const char *key)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(key_of(words->items[i]), key) == 0)
            return true;
    return false;
}

/*
 * Collect the keys of the last configure that this command line does not set, and then the keys of this
 * command line.
 */
static void recall_keys(const json_t *was, struct choices *c)
{
    struct strings own = c->keys;
    const json_t *key;
    size_t i;
    c->keys = (struct strings){ 0 };
    json_array_foreach(was, i,
                       key) if (json_is_string(key) && !sets_key(&own, key_of(json_string_value(key))))
        strings_add(&c->keys, keep_string(json_string_value(key)));
    c->remembered = c->keys.count;
    strings_add_all(&c->keys, own.items, own.count);
}

void choices_recall(const struct project *p, struct choices *c)
{
    json_t *was = json_load_file(choices_path(p), 0, NULL);
    if (was == NULL)
        return;
    /* A remembered processor belongs to the remembered target. */
    if (c->arch == NULL && c->target == NULL)
        c->arch = kept_text(was, "arch");
    if (c->target == NULL)
        c->target = kept_text(was, "target");
    if (c->cc == NULL)
        c->cc = kept_text(was, "cc");
    if (c->sanitize == NULL)
        c->sanitize = kept_text(was, "sanitize");
    if (c->cflags == NULL)
        c->cflags = kept_text(was, "cflags");
    if (c->ldflags == NULL)
        c->ldflags = kept_text(was, "ldflags");
    if (c->release < 0)
        c->release = json_is_true(json_object_get(was, "release"));
    recall_keys(json_object_get(was, "keys"), c);
    json_decref(was);
}

bool choices_remember(const struct project *p, const struct choices *c)
{
    json_t *keys = json_array();
    for (size_t i = 0; i < c->keys.count; i++)
        json_array_append_new(keys, json_string(c->keys.items[i]));
    json_t *now = json_pack("{s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:b, s:o}", "target", p->target->name,
                            "arch", c->arch, "cc", c->cc, "sanitize", c->sanitize, "cflags", c->cflags,
                            "ldflags", c->ldflags, "release", p->release, "keys", keys);
    char *data = json_dumps(now, JSON_INDENT(2));
    bool ok = data != NULL && file_write(choices_path(p), data, strlen(data));
    json_decref(now);
    free(data);
    return ok;
}

/* "net=socket" gives a key a text. "fast" and "no-fast" set a key that is true or false. */
const struct given_key *choices_keys(const struct choices *c)
{
    struct given_key *given = keep((c->keys.count + 1) * sizeof *given);
    for (size_t i = 0; i < c->keys.count; i++) {
        const char *word = c->keys.items[i], *equals = strchr(word, '=');
        const char *value = equals != NULL ? equals + 1 : strncmp(word, "no-", 3) == 0 ? "false" : NULL;
        given[i] = (struct given_key){ key_of(word), value, i < c->remembered };
    }
    return given;
}
