/*
 * Outputs that are files of the host, named by their paths.
 *
 * Bytes are kept until KEEP of them have come, so that a small piece costs no system call.
 */
#include <mirage/functor.h>

#include <stdio.h>
#include <stdlib.h>

MODULE(SINK, sink_file);

enum { KEEP = 262144 };

struct sink_file {
    size_t open; /* outputs, for debuggers */
};

struct sink_file_output {
    struct sink_file *sink;
    FILE *to;
    char buffer[KEEP];
};

IO err sink_file_connect(struct sink_file **out)
{
    *out = calloc(1, sizeof **out);
    return *out == NULL ? ERR_NO_MEMORY : OK;
}

IO void sink_file_disconnect(struct sink_file *sink)
{
    free(sink);
}

IO err sink_file_open(struct sink_file *sink, const char *name, struct sink_file_output **out)
{
    struct sink_file_output *output = malloc(sizeof *output);

    if (output == NULL)
        return ERR_NO_MEMORY;
    output->sink = sink;
    output->to = fopen(name, "wbe");
    if (output->to == NULL) {
        free(output);
        return ERR_ACCESS;
    }
    setvbuf(output->to, output->buffer, _IOFBF, sizeof output->buffer);
    sink->open++;
    *out = output;
    return OK;
}

err sink_file_append(struct sink_file_output *output, const void *data, size_t len)
{
    return fwrite(data, 1, len, output->to) == len ? OK : ERR_IO;
}

err sink_file_flush(struct sink_file_output *output)
{
    return fflush(output->to) == 0 ? OK : ERR_IO;
}

err sink_file_close(struct sink_file_output *output)
{
    err e = fclose(output->to) == 0 ? OK : ERR_IO;

    output->sink->open--;
    free(output);
    return e;
}
