/* Checksums of files that are compiled in, by a library of the system: a module outside the tree has both. */
#include <mirage/functor.h>

#include <stdio.h>
#include <zlib.h>

#include <base/crunch/crunch.h>

PARAM(CONSOLE, console);
MODULE(JOB, sums);
GENERATED(crunch, folder);
LIBRARY("zlib");

KEY_STRING(folder, "files", "what is summed");

extern const struct crunch_index crunch_data;

IO err sums_start(struct console *console)
{
    char line[80];
    for (uint64_t i = 0; i < crunch_data.count; i++) {
        const struct crunch_entry *e = &crunch_data.entries[i];
        snprintf(line, sizeof line, "%s %08lx", e->key, crc32(0, e->data, (uInt)e->size));
        TRY(console_log(console, line));
    }
    return OK;
}
