/* The text of faults: any text is read or refused, and what is read lies within its bounds. */
#include <stdlib.h>

#include "lib/fault/spec.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault_spec spec;
    const char *wrong;
    char text[256];
    size_t len = size < sizeof text - 1 ? size : sizeof text - 1;

    memcpy(text, data, len);
    text[len] = '\0';
    if (fault_parse(&spec, text, &wrong) != OK)
        return 0;
    if (spec.loss > PARTS || spec.duplicate > PARTS || spec.corrupt > PARTS || spec.reorder > PARTS ||
        spec.jitter > spec.delay || spec.delay < 0 || spec.hold < 0 || spec.queue == 0)
        abort();
    return 0;
}
