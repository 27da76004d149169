#include <mirage/functor.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test/support/test.h"

MODULE(SINK, sink_file);
err sink_file_connect(struct sink_file **out);

/* Read the file's present bytes through another descriptor. `len` is the size of `bytes`. */
static size_t read_back(const char *name, char *bytes, size_t len)
{
    FILE *file = fopen(name, "rb");
    size_t n = file == NULL ? 0 : fread(bytes, 1, len, file);

    if (file != NULL)
        fclose(file);
    return n;
}

FIBER_TEST(bytes_come_in_their_order)
{
    static char kept[700000], bytes[700000];
    struct sink_file *sink;
    struct sink_file_output *output, *other;

    for (size_t i = 0; i < sizeof kept; i++)
        kept[i] = (char)(i * 7 + i / 1000);
    TRY(sink_file_connect(&sink));
    TRY(sink_file_open(sink, "sink", &output));
    TRY(sink_file_open(sink, "other", &other));
    TRY(sink_file_append(output, kept, 3));
    TRY(sink_file_append(other, "other", 5));
    TRY(sink_file_append(output, kept + 3, 0));
    TRY(sink_file_append(output, kept + 3, 1));
    TRY(sink_file_flush(output));
    CHECK(read_back("sink", bytes, sizeof bytes) == 4 && memcmp(bytes, kept, 4) == 0);
    TRY(sink_file_append(output, kept + 4, sizeof kept - 4));
    TRY(sink_file_close(output));
    CHECK(read_back("sink", bytes, sizeof bytes) == sizeof kept && memcmp(bytes, kept, sizeof kept) == 0);
    TRY(sink_file_close(other));
    CHECK(read_back("other", bytes, sizeof bytes) == 5 && memcmp(bytes, "other", 5) == 0);
    /* A file that is opened again is empty. */
    TRY(sink_file_open(sink, "sink", &output));
    TRY(sink_file_close(output));
    CHECK(read_back("sink", bytes, sizeof bytes) == 0);
    sink_file_disconnect(sink);
    return OK;
}

FIBER_TEST(what_cannot_be_written_is_told)
{
    static char many[600000];
    struct sink_file *sink;
    struct sink_file_output *output;

    TRY(sink_file_connect(&sink));
    CHECK(sink_file_open(sink, "no/such/folder", &output) == ERR_ACCESS);
    CHECK(sink_file_open(sink, ".", &output) == ERR_ACCESS);
    if (access("/dev/full", W_OK) == 0) {
        TRY(sink_file_open(sink, "/dev/full", &output));
        TRY(sink_file_append(output, "kept", 4));
        CHECK(sink_file_flush(output) == ERR_IO);
        IGNORE(sink_file_close(output));
        TRY(sink_file_open(sink, "/dev/full", &output));
        CHECK(sink_file_append(output, many, sizeof many) == ERR_IO);
        IGNORE(sink_file_close(output));
        TRY(sink_file_open(sink, "/dev/full", &output));
        TRY(sink_file_append(output, "kept", 4));
        CHECK(sink_file_close(output) == ERR_IO);
    }
    sink_file_disconnect(sink);
    return OK;
}

static char folder[] = "/tmp/mirage-sink-XXXXXX";

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    unlink("sink");
    unlink("other");
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_in_their_order),
        cmocka_unit_test(what_cannot_be_written_is_told),
    };

    return cmocka_run_group_tests_name("sink_file", tests, setup, teardown);
}
