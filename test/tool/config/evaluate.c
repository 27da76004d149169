/* Evaluate a configuration and print its graph: what the tests of the configuration language run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/keep.h"
#include "base/paths.h"
#include "composition/evaluate.h"

static void print_functor(const struct functor *f)
{
    printf(" %s(", f->name != NULL ? f->name : path_name(f->source));
    for (size_t i = 0; i < f->param_count; i++)
        printf("%s%s", i > 0 ? ", " : "", f->params[i]);
    printf(") -> %s", f->result);
    for (size_t i = 0; i < f->setting_count; i++) {
        const struct setting *s = &f->settings[i];
        printf(" %s=", s->name);
        for (const char **v = s->values; v != NULL && *v != NULL; v++)
            printf("%s,", *v);
        printf("%s", s->value == NULL ? "" : path_shown(s->value));
    }
    for (size_t i = 0; i < f->library_count; i++)
        printf(" -l%s", f->libraries[i]);
}

static void print_graph(const struct graph *graph)
{
    for (size_t i = 0; i < graph->value_count; i++) {
        const struct value *v = graph->values[i];
        printf("%zu:", i);
        print_functor(v->functor);
        for (size_t k = 0; k < v->arg_count; k++)
            printf(" %zu", v->args[k]->id);
        printf("%s%s @%d\n", v->label != NULL ? " named " : "", v->label != NULL ? v->label : "",
               v->place.line);
    }
    for (size_t i = 0; i < graph->job_count; i++)
        printf("job %s: %zu @%d\n", graph->jobs[i].name, graph->jobs[i].value->id, graph->jobs[i].place.line);
    for (size_t i = 0; i < graph->key_count; i++)
        printf("key %s=%s%s\n", graph->keys[i].name, graph->keys[i].value,
               graph->keys[i].given ? " given" : "");
    for (size_t i = 0; i < graph->arg_count; i++)
        printf("arg %s: %s\n", graph->args[i].name, graph->args[i].type);
}

/* evaluate CC ROOT LIBRARY_FOLDER CACHE LIMIT_MS CONFIG [--KEY=VALUE ...] */
int main(int argc, char **argv)
{
    struct graph graph;
    struct given_key given[16] = { 0 };
    size_t given_count = 0;
    if (argc < 7)
        return 2;
    for (int i = 7; i < argc && given_count < 16; i++) {
        char *equals = strchr(argv[i], '=');
        if (equals != NULL)
            *equals = '\0';
        given[given_count++] =
            (struct given_key){ .name = argv[i] + 2, .value = equals == NULL ? NULL : equals + 1 };
    }
    const struct compiler compiler = {
        .cc = argv[1],
        .is_clang = strstr(argv[1], "clang") != NULL,
        .include = path_absolute(text("%s/include", argv[2])),
        .root = path_absolute(argv[2]),
    };
    const struct evaluation evaluation = {
        .config = argv[6],
        .compiler = &compiler,
        .root = argv[2],
        .library_folder = path_absolute(argv[3]),
        .cache = argv[4],
        .time_limit_ms = atoi(argv[5]),
        .given = given,
        .given_count = given_count,
    };
    if (!evaluate(&evaluation, &graph))
        return 1;
    print_graph(&graph);
    return 0;
}
