#include <base/text/distance.h>

size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len, size_t most)
{
    size_t row[EDIT_DISTANCE_LENGTH_MAX + 1];
    if (a_len > EDIT_DISTANCE_LENGTH_MAX || b_len > EDIT_DISTANCE_LENGTH_MAX || a_len > b_len + most ||
        b_len > a_len + most)
        return most + 1;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);
            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = above;
            row[j] = best;
        }
    }
    return row[b_len];
}
