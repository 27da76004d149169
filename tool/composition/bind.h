/*
 * Instances. Each value of the composition gets a name, and the symbols of its parameters are bound to those
 * of the chosen modules. Binding also compares the shared sub-modules and finds, for each event, the functor
 * that defines it.
 */
#ifndef TOOL_BIND_H
#define TOOL_BIND_H

#include <stdbool.h>
#include <stddef.h>

#include "composition/check.h"
#include "composition/graph.h"

struct binding {
    const char *from, *to; /* the symbol in the source, and in the program */
};

struct instance {
    struct value *value;
    struct description *description;
    const struct definitions *definitions;
    const char *name;         /* the prefix of its symbols: "pcap", "pcap__2" */
    struct instance **params; /* in the order of the PARAM lines */
    size_t binding_count;
    struct binding *bindings;
    size_t drop_count;
    const struct operation **drops; /* the events that it raises and that no functor defines */
};

struct program {
    struct graph *graph;
    size_t instance_count;
    struct instance *instances; /* in the order of graph.values, so parameters come before what takes them */
};

/*
 * Bind the graph's values to instances. descriptions[i] and definitions[i] belong to graph->values[i]. On
 * failure, prints errors and returns false.
 */
bool bind_program(struct graph *graph, struct description **descriptions,
                  const struct definitions **definitions, struct program *out);

#endif
