#include "base/nearest.h"

#include <stddef.h>
#include <string.h>

#include <base/text/distance.h>

const char *nearest(const char *word, const char *const *candidates)
{
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 1;
    for (; *candidates != NULL; candidates++) {
        size_t d = edit_distance(word, strlen(word), *candidates, strlen(*candidates), best_distance);
        if (d <= best_distance && (best == NULL || d < best_distance)) {
            best = *candidates;
            best_distance = d;
        }
    }
    return best;
}
