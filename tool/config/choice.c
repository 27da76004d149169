/* Choices by keys, names, coercions, and what the configuration registers. */
#include <mirage/config.h>

#include <stdio.h>
#include <string.h>

#include "record.h"

static json_t *id_of(struct node *node)
{
    return json_integer((json_int_t)node->id);
}

struct node *choice_new(struct here here, const void *key, const struct match_case *each)
{
    struct node *k = node_of(here, key, NODE_KEY, "the key");
    json_t *cases = json_array(), *args = json_array();
    for (; each->value != mirage_end; each++) {
        struct node *then = node_of(here, each->then, NODE_VALUE, "the module for '%s'", each->value);
        json_array_append_new(cases, text_of(each->value));
        json_array_append_new(args, id_of(then));
    }
    return node_new(
        NODE_VALUE, here,
        json_pack("{s:s,s:o,s:o,s:o}", "kind", "choice", "key", id_of(k), "cases", cases, "args", args));
}

void *(if_impl)(BOOL_KEY key, void *const *branches)
{
    const struct match_case cases[] = { { "true", branches[0] },
                                        { "false", branches[1] },
                                        { mirage_end, NULL } };
    return choice_new(called(), key, cases);
}

static void *match(struct here here, const void *key, const struct match_case *cases)
{
    for (const struct match_case *each = cases; each->value != mirage_end; each++) {
        if (each->value == NULL)
            refuse(here, "case %td of match_impl has no value", each - cases + 1);
        for (const struct match_case *other = cases; other != each; other++)
            if (strcmp(other->value, each->value) == 0)
                refuse(here, "match_impl has two cases for '%s'", each->value);
    }
    return choice_new(here, key, cases);
}

void *(match_impl)(ENUM_KEY key, const void *cases)
{
    return match(called(), key, cases);
}

void *match_string_impl(STRING_KEY key, const void *cases)
{
    return match(called(), key, cases);
}

/* Whether the text may be a name. Names become parts of C identifiers and of options, such as --lan-port. */
static bool is_name(const char *name, const char *also)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (name == NULL || strchr(letters, *name) == NULL || *name == '\0')
        return false;
    for (; *name != '\0'; name++)
        if (strchr(letters, *name) == NULL && strchr("0123456789_", *name) == NULL &&
            strchr(also, *name) == NULL)
            return false;
    return true;
}

static void must_be_name(struct here here, const char *what, const char *name, const char *also)
{
    if (name == NULL)
        refuse(here, "the name of %s is NULL", what);
    if (!is_name(name, also))
        refuse(here, "'%s' cannot name %s: a name is letters, digits and %s, and begins with a letter", name,
               what, *also == '\0' ? "underscores" : "hyphens or underscores");
}

void *(named)(const void *value, const char *name)
{
    struct here here = called();
    struct node *node = node_of(here, value, NODE_VALUE, "what named was given");
    must_be_name(here, "a module", name, "");
    node = node_new(NODE_VALUE, here,
                    json_pack("{s:s,s:s,s:[o]}", "kind", "named", "name", name, "args", id_of(node)));
    node->must_be_used = "named";
    node->changed = here;
    return node;
}

/* The module stays the same. Only its C type changes, so that the compiler accepts it. */
static struct node *coerced(const void *value, const char *what)
{
    return node_of(called(), value, NODE_VALUE, "what %s was given", what);
}

KV_RO(kv_ro_of)(KV_RW kv)
{
    return (KV_RO)coerced(kv, "kv_ro_of");
}

FLOW(flow_of_tcp)(TCP tcp)
{
    return (FLOW)coerced(tcp, "flow_of_tcp");
}

IP(ip_of_ipv4)(IPV4 ip)
{
    return (IP)coerced(ip, "ip_of_ipv4");
}

void(register_job)(const char *name, JOB job)
{
    struct here here = called();
    must_be_name(here, "a job", name, "-");
    struct node *node = node_of(here, job, NODE_VALUE, "the job '%s'", name);
    size_t i;
    json_t *other;
    json_array_foreach(jobs_recorded(), i,
                       other) if (strcmp(json_string_value(json_object_get(other, "name")), name) == 0)
        refuse(here, "there are two jobs named '%s': the other is registered on line %d", name,
               (int)json_integer_value(json_object_get(other, "line")));
    json_t *json = json_pack("{s:s,s:o}", "name", name, "value", id_of(node));
    mark(json, here);
    record_job(json);
}

struct node *key_declare(struct here here, const char *name, const char *kind, const char *value,
                         const char *doc, json_t *choices)
{
    must_be_name(here, "a key", name, "-");
    if (value == NULL || doc == NULL)
        refuse(here, "the key '%s' needs %s", name,
               value == NULL ? "a default" : "a line that says what it is");
    json_t *json = json_pack("{s:s,s:s,s:o,s:o,s:o}", "name", name, "kind", kind, "default", text_of(value),
                             "doc", text_of(doc), "choices", choices);
    struct node *before = key_recorded(name);
    if (before == NULL)
        return node_new(NODE_KEY, here, json);
    struct here there = before->here;
    mark(json, there);
    if (!json_equal(json, before->json))
        refuse(here, "the key '%s' is declared otherwise than on line %d", name, there.line);
    return before;
}

BOOL_KEY(key_bool)(const char *name, int value, const char *doc)
{
    return (BOOL_KEY)key_declare(called(), name, "bool", value ? "true" : "false", doc, json_array());
}

INT_KEY(key_int)(const char *name, int64_t value, const char *doc)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    return (INT_KEY)key_declare(called(), name, "int", digits, doc, json_array());
}

STRING_KEY(key_string)(const char *name, const char *value, const char *doc)
{
    return (STRING_KEY)key_declare(called(), name, "string", value, doc, json_array());
}

ENUM_KEY(key_enum)(const char *name, const char *value, const char *doc, const char *const *choices)
{
    json_t *list = json_array();
    for (; *choices != mirage_end; choices++)
        if (*choices != NULL)
            json_array_append_new(list, text_of(*choices));
    return (ENUM_KEY)key_declare(called(), name, "enum", value, doc, list);
}

void(runtime_arg)(const char *name, const char *type, const char *value, const char *doc)
{
    static const char *const types[] = { "bool", "int",      "string",  "ip", "cidr",
                                         "port", "duration", "strings", "ips" };
    struct here here = called();
    must_be_name(here, "a runtime argument", name, "-");
    if (doc == NULL)
        refuse(here, "the runtime argument '%s' needs a line that says what it is", name);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (type == NULL || strcmp(types[i], type) != 0)
            continue;
        json_t *json = json_pack("{s:s,s:s,s:o,s:o}", "name", name, "type", type, "default", text_of(value),
                                 "doc", text_of(doc));
        mark(json, here);
        record_arg(json);
        return;
    }
    refuse(
        here,
        "'%s' is no type of a runtime argument: bool, int, string, ip, cidr, port, duration, strings or ips",
        type == NULL ? "NULL" : type);
}
