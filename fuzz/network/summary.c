/*
 * A frame in one line: any bytes, cut into pieces anywhere, make a line that ends, without a control
 * character.
 */
#include <stdio.h>
#include <stdlib.h>

#include <mirage/functor.h>

#include "lib/trace/summary.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[TRACE_LINE], again[TRACE_LINE];
    size_t cut = size > 0 ? data[size - 1] % size : 0;
    struct buf *b = buf_append(buf_copy(data, cut), buf_copy(data + cut, size - cut)),
               *whole = buf_copy(data, size);

    trace_summary(b, line);
    trace_summary(whole, again);
    if (strlen(line) >= TRACE_LINE || strcmp(line, again) != 0)
        abort();
    for (const char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            abort();
    buf_free(b);
    buf_free(whole);
    return 0;
}
