/*
 * Reads the JSON that tool/config/record.c writes. It comes from a child that ran the user's code, so
 * everything in it is checked.
 */
#include "composition/graph_record.h"

#include <string.h>

#include "base/keep.h"
#include "base/paths.h"
#include "base/report.h"

static const char *text_in(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));
    return s == NULL ? NULL : keep_string(s);
}

static struct place place_in(const json_t *object)
{
    const char *file = text_in(object, "file");
    return (struct place){ file == NULL ? NULL : path_shown(file),
                           (int)json_integer_value(json_object_get(object, "line")) };
}

/* An array of strings, ended by NULL. */
static const char **texts_in(const json_t *object, const char *name, size_t *count)
{
    const json_t *array = json_object_get(object, name);
    size_t size = json_array_size(array), i;
    const char **texts = keep((size + 1) * sizeof *texts);
    for (i = 0; i < size; i++) {
        const char *s = json_string_value(json_array_get(array, i));
        texts[i] = keep_string(s == NULL ? "" : s);
    }
    if (count != NULL)
        *count = size;
    return texts;
}

/* A number below `limit`. */
static bool number_in(const json_t *json, size_t limit, size_t *out)
{
    json_int_t n = json_integer_value(json);
    *out = (size_t)n;
    return json_is_integer(json) && n >= 0 && (size_t)n < limit;
}

static bool key_read(const json_t *json, struct key *key)
{
    static const char *const kinds[] = { "bool", "int", "string", "enum" };
    const char *kind = text_in(json, "kind");
    *key = (struct key){ .name = text_in(json, "name"),
                         .doc = text_in(json, "doc"),
                         .default_value = text_in(json, "default"),
                         .choices = texts_in(json, "choices", NULL),
                         .place = place_in(json) };
    for (int i = 0; kind != NULL && i < 4; i++)
        if (strcmp(kinds[i], kind) == 0) {
            key->kind = (enum key_kind)i;
            return key->name != NULL && key->default_value != NULL;
        }
    return false;
}

static bool setting_read(const json_t *json, const struct record *record, struct setting *setting)
{
    static const char *const kinds[] = { "bool", "int", "string", "strings" };
    const char *kind = text_in(json, "kind");
    size_t key;
    *setting = (struct setting){ .name = text_in(json, "name"),
                                 .value = text_in(json, "value"),
                                 .place = place_in(json) };
    if (number_in(json_object_get(json, "key"), record->key_count, &key))
        setting->value = record->keys[key].value;
    /* Paths get one spelling, so that the same path gives the same module. */
    if (setting->value != NULL && json_is_true(json_object_get(json, "path")))
        setting->value = path_absolute(setting->value);
    for (int i = 0; kind != NULL && i < 4; i++)
        if (strcmp(kinds[i], kind) == 0)
            setting->kind = (enum setting_kind)i;
    if (setting->kind == SETTING_STRINGS)
        setting->values = texts_in(json, "values", NULL);
    return setting->name != NULL && (setting->value != NULL || setting->values != NULL);
}

static bool functor_read(const json_t *json, const struct record *record, struct functor *f)
{
    const json_t *settings = json_object_get(json, "settings");
    *f = (struct functor){ .name = text_in(json, "name"),
                           .source = text_in(json, "source"),
                           .written = text_in(json, "written"),
                           .result = text_in(json, "result"),
                           .place = place_in(json),
                           .setting_count = json_array_size(settings) };
    f->params = texts_in(json, "params", &f->param_count);
    f->libraries = texts_in(json, "libraries", &f->library_count);
    f->settings = keep(f->setting_count * sizeof *f->settings);
    /* Paths get one spelling, so that the same file or folder gives the same functor. */
    if (f->source != NULL)
        f->source = path_absolute(f->source);
    for (size_t i = 0; i < f->setting_count; i++)
        if (!setting_read(json_array_get(settings, i), record, &f->settings[i]))
            return false;
    return f->source != NULL && f->written != NULL && f->result != NULL;
}

static bool value_read(const json_t *json, const struct record *record, size_t id, struct recorded *value)
{
    static const char *const kinds[] = { "apply", "named", "choice", "absent" };
    const json_t *args = json_object_get(json, "args");
    const char *kind = text_in(json, "kind");
    bool known = false;
    *value = (struct recorded){ .place = place_in(json), .arg_count = json_array_size(args) };
    value->args = keep(value->arg_count * sizeof *value->args);
    for (int i = 0; kind != NULL && i < 4; i++)
        if (strcmp(kinds[i], kind) == 0) {
            value->kind = (enum recorded_kind)i;
            known = true;
        }
    /* A value's arguments come before it in the record, so there is no cycle. */
    for (size_t i = 0; i < value->arg_count; i++)
        if (!number_in(json_array_get(args, i), id, &value->args[i]))
            return false;
    switch (value->kind) {
    case RECORDED_APPLY:
        return known && number_in(json_object_get(json, "functor"), record->functor_count, &value->functor);
    case RECORDED_NAMED:
        value->text = text_in(json, "name");
        return value->text != NULL && value->arg_count == 1;
    case RECORDED_CHOICE: {
        size_t cases;
        value->cases = texts_in(json, "cases", &cases);
        return cases == value->arg_count &&
               number_in(json_object_get(json, "key"), record->key_count, &value->key);
    }
    case RECORDED_ABSENT: value->text = text_in(json, "message"); return value->text != NULL;
    }
    return false;
}

static bool arg_read(const json_t *json, struct config_arg *arg)
{
    *arg = (struct config_arg){ .name = text_in(json, "name"),
                                .type = text_in(json, "type"),
                                .default_text = text_in(json, "default"),
                                .doc = text_in(json, "doc"),
                                .place = place_in(json) };
    return arg->name != NULL && arg->type != NULL;
}

static bool job_read(const json_t *json, const struct record *record, struct job *job, size_t *value)
{
    *job = (struct job){ .name = text_in(json, "name"), .place = place_in(json) };
    return job->name != NULL && number_in(json_object_get(json, "value"), record->value_count, value);
}

static void *room_for(const json_t *table, size_t size, size_t *count)
{
    *count = json_array_size(table);
    return keep(*count * size);
}

static bool tables_read(const json_t *root, const struct given_key *given, size_t given_count,
                        struct record *r, bool *told)
{
    const json_t *keys = json_object_get(root, "keys"), *functors = json_object_get(root, "functors");
    const json_t *values = json_object_get(root, "values"), *jobs = json_object_get(root, "jobs");
    const json_t *args = json_object_get(root, "args");
    bool ok = true;

    r->keys = room_for(keys, sizeof *r->keys, &r->key_count);
    for (size_t i = 0; i < r->key_count; i++)
        ok = ok && key_read(json_array_get(keys, i), &r->keys[i]);
    if (ok && !keys_apply(r->keys, r->key_count, given, given_count)) {
        *told = true;
        return false;
    }
    r->functors = room_for(functors, sizeof *r->functors, &r->functor_count);
    for (size_t i = 0; ok && i < r->functor_count; i++)
        ok = functor_read(json_array_get(functors, i), r, &r->functors[i]);
    r->values = room_for(values, sizeof *r->values, &r->value_count);
    for (size_t i = 0; ok && i < r->value_count; i++)
        ok = value_read(json_array_get(values, i), r, i, &r->values[i]);
    r->jobs = room_for(jobs, sizeof *r->jobs, &r->job_count);
    r->job_values = keep(r->job_count * sizeof *r->job_values);
    for (size_t i = 0; ok && i < r->job_count; i++)
        ok = job_read(json_array_get(jobs, i), r, &r->jobs[i], &r->job_values[i]);
    r->args = room_for(args, sizeof *r->args, &r->arg_count);
    for (size_t i = 0; ok && i < r->arg_count; i++)
        ok = arg_read(json_array_get(args, i), &r->args[i]);
    return ok && r->job_count > 0; /* the child refuses a configuration without jobs */
}

bool record_read(const char *config, const char *data, size_t len, const struct given_key *given,
                 size_t given_count, struct record *out)
{
    bool told = false, ok = false;
    json_t *root = json_loadb(data, len, 0, NULL);
    const json_t *wrong = json_object_get(root, "error");

    *out = (struct record){ 0 };
    if (wrong != NULL) {
        const struct place place = place_in(wrong);
        error_at(place.file, place.line, "%s", text_in(wrong, "message"));
        told = true;
    } else if (root != NULL) {
        ok = tables_read(root, given, given_count, out, &told);
    }
    if (!ok && !told)
        error_at(
            config, 0,
            "what the configuration recorded cannot be read: is it writing to memory that is not its own?");
    json_decref(root);
    return ok;
}
