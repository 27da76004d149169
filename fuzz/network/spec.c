/*
 * Fuzzes the text that describes faults. A text is read or refused, and what is read lies within its bounds.
 */
#include <stdlib.h>
#include <string.h>

#include <base/fault/spec.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault_spec spec;
    const char *wrong;
    char text[256];
    size_t len = size < sizeof text - 1 ? size : sizeof text - 1;

    memcpy(text, data, len);
    text[len] = '\0';
    if (fault_spec_parse(&spec, text, &wrong) != OK)
        return 0;
    if (spec.loss > FAULT_PARTS || spec.duplicate > FAULT_PARTS || spec.corrupt > FAULT_PARTS ||
        spec.reorder > FAULT_PARTS || spec.jitter > spec.delay || spec.delay < 0 || spec.hold < 0 ||
        spec.queue == 0)
        abort();
    return 0;
}
