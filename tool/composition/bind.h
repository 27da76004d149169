/*
 * Instances: each value of the composition gets a name and its parameters' symbols
 * are bound to the chosen modules'. Here the sharing equations are compared and
 * every event finds the functor that defines it.
 */
#ifndef TOOL_BIND_H
#define TOOL_BIND_H

#include <stdbool.h>
#include <stddef.h>

#include "composition/check.h"
#include "composition/graph.h"

struct binding {
    const char *from, *to; /* symbol in the source, symbol in the program */
};

struct instance {
    struct value *value;
    struct description *description;
    const struct definitions *definitions;
    const char *name;         /* prefix of its symbols: "pcap", "pcap__2" */
    struct instance **params; /* in the order of the PARAM lines */
    size_t binding_count;
    struct binding *bindings;
    size_t drop_count;
    const struct operation **drops; /* events that it raises and nobody defines */
};

struct program {
    struct graph *graph;
    size_t instance_count;
    struct instance *instances; /* as graph.values: parameters before what takes them */
};

/* descriptions[i] and definitions[i] belong to graph->values[i]. Mistakes are told; false. */
bool bind_program(struct graph *graph, struct description **descriptions,
                  const struct definitions **definitions, struct program *out);

#endif
