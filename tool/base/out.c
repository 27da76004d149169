#include "base/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/keep.h"

static void out_reserve(struct out *out, size_t more)
{
    if (out->len + more + 1 <= out->room)
        return;
    size_t room = out->room == 0 ? 1024 : out->room;
    while (room < out->len + more + 1)
        room *= 2;
    out->data = or_out_of_memory(realloc(out->data, room));
    out->room = room;
}

void out_bytes(struct out *out, const char *data, size_t len)
{
    out_reserve(out, len);
    memcpy(out->data + out->len, data, len);
    out->len += len;
    out->data[out->len] = '\0';
}

void out_print(struct out *out, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    out_reserve(out, (size_t)len);
    vsnprintf(out->data + out->len, (size_t)len + 1, format, again);
    va_end(again);
    out->len += (size_t)len;
}

char *out_keep(struct out *out)
{
    char *kept = keep_bytes(out->data, out->len);
    out_free(out);
    return kept;
}

void out_free(struct out *out)
{
    free(out->data);
    *out = (struct out){ 0 };
}
