/*
 * The record of a configuration while the configuration runs: functors, values and keys as JSON objects, in
 * the order in which they were made. Each refers only to earlier ones. The record lives in a child that soon
 * ends, so nothing here is freed.
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
    size_t id; /* its index among the nodes of its kind */
    struct here here;
    json_t *json;
    const char *must_be_used; /* the function whose only effect is this node, or NULL */
    struct here changed;      /* where that function was called */
};

/* The line of the call of the public function that asks. Each public function asks once. */
struct here called(void);

/* Report the user's mistake at this line and end the child. */
__attribute__((format(printf, 2, 3), noreturn)) void refuse(struct here here, const char *format, ...);

/* A new node of this kind. It takes ownership of `json` and adds the line to it. */
struct node *node_new(enum node_kind kind, struct here here, json_t *json);

/* The node at this address, or NULL. */
struct node *node_find(const void *pointer);

/* The JSON of the functor that was applied. */
json_t *functor_recorded(const struct node *application);

/*
 * The node at a pointer of the configuration, which must be of this kind. NULL or any other pointer is
 * reported as the user's mistake. `what` is the subject of the message.
 */
__attribute__((format(printf, 4, 5))) struct node *node_of(struct here here, const void *pointer,
                                                           enum node_kind kind, const char *what, ...);

void record_job(json_t *job);
void record_arg(json_t *arg);
json_t *jobs_recorded(void);
struct node *key_recorded(const char *name); /* the key with this name, or NULL */

json_t *text_of(const char *text); /* JSON's null when `text` is NULL */
void mark(json_t *object, struct here here);

/* The absolute path for a path of the configuration, or of the catalogue. */
char *config_path(const char *path);
char *catalog_path(const char *path);

/* The target that the program is for, and the list of all targets, ended by NULL. */
const struct target *config_target(void);
const struct target *const *config_targets(void);

/* Make functors and applications for the catalogue. `args` is ended by mirage_end. */
struct node *functor_new(struct here here, const char *source, const char *written, const char *result,
                         json_t *params);
struct node *apply_new(struct here here, const char *written, const void *f, const void *const *args);
struct node *setting_new(struct here here, const void *x, const char *name, const char *kind, json_t *value);

/* Declare a configure-time key. The same declaration twice gives the same key. */
struct node *key_declare(struct here here, const char *name, const char *kind, const char *value,
                         const char *doc, json_t *choices);

/*
 * The module for one value of a key. mirage_end ends a list of these. It has the layout of match_impl's
 * arrays, whatever the type of the module.
 */
struct match_case {
    const char *value;
    const void *then;
};
struct node *choice_new(struct here here, const void *key, const struct match_case *cases);

#endif
