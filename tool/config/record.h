/*
 * The record of a configuration while it runs: functors, values and keys as JSON objects in
 * the order in which they were made, each naming only earlier ones. The child that
 * holds it is short-lived, so nothing here is freed.
 */
#ifndef TOOL_CONFIG_RECORD_H
#define TOOL_CONFIG_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct target;

struct here {
    const char *file;
    int line;
};

enum node_kind { NODE_FUNCTOR, NODE_VALUE, NODE_KEY };

struct node {
    enum node_kind kind;
    size_t id; /* its place among its kind */
    struct here here;
    json_t *json;
    const char *must_be_used; /* the function whose whole effect is this node, or NULL */
    struct here changed;      /* where that was called */
};

/* The line on which the function that asks was used; once in each public function. */
struct here called(void);

/* Tell the user's mistake at this line and end the child. */
__attribute__((format(printf, 2, 3), noreturn)) void refuse(struct here here, const char *format, ...);

/* A node of this kind; takes `json`, to which it adds the line. */
struct node *node_new(enum node_kind kind, struct here here, json_t *json);

/* The node at this address, or NULL. */
struct node *node_find(const void *pointer);

/* The functor that an application was made with. */
json_t *functor_recorded(const struct node *application);

/*
 * The node behind a pointer of the configuration; refuses NULL and what is none. `what` is the subject of the
 * message.
 */
__attribute__((format(printf, 4, 5))) struct node *node_of(struct here here, const void *pointer,
                                                           enum node_kind kind, const char *what, ...);

void record_job(json_t *job);
void record_arg(json_t *arg);
json_t *jobs_recorded(void);
struct node *key_recorded(const char *name); /* the key of this name, or NULL */

json_t *text_of(const char *text); /* JSON null for NULL */
void mark(json_t *object, struct here here);

/* A path of the configuration, or of the catalogue, made absolute. */
char *config_path(const char *path);
char *catalog_path(const char *path);

/* The target that the program is for, and all there are, ended by NULL. */
const struct target *config_target(void);
const struct target *const *config_targets(void);

/* Functors and applications for the catalogue; `args` is ended by mirage_end. */
struct node *functor_new(struct here here, const char *source, const char *written, const char *result,
                         json_t *params);
struct node *apply_new(struct here here, const char *written, const void *f, const void *const *args);
struct node *setting_new(struct here here, const void *x, const char *name, const char *kind, json_t *value);

/* A configure-time key; the same declaration twice is the same key. */
struct node *key_declare(struct here here, const char *name, const char *kind, const char *value,
                         const char *doc, json_t *choices);

/*
 * A value for each value of a key, ended by mirage_end: the shape of match_impl's arrays, whatever the type
 * of the module.
 */
struct match_case {
    const char *value;
    const void *then;
};
struct node *choice_new(struct here here, const void *key, const struct match_case *cases);

#endif
