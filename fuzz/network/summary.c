/*
 * Fuzzes the summary of a frame in one line. Any bytes, divided into views anywhere, must give a line that
 * ends and that has no control character.
 */
#include <stdlib.h>
#include <string.h>

#include <base/frame/summary.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[FRAME_SUMMARY_SIZE], again[FRAME_SUMMARY_SIZE];
    size_t cut = size > 0 ? data[size - 1] % size : 0;
    struct buf *b = buf_append(buf_copy(data, cut), buf_copy(data + cut, size - cut)),
               *whole = buf_copy(data, size);

    frame_summary(b, line);
    frame_summary(whole, again);
    if (strlen(line) >= FRAME_SUMMARY_SIZE || strcmp(line, again) != 0)
        abort();
    for (const char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            abort();
    buf_free(b);
    buf_free(whole);
    return 0;
}
