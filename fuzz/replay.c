/* Runs a fuzzer's function once for each file that is named, or for each file of a folder that is named. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return perror(path), 1;
    size_t room = 1 << 20, size;
    uint8_t *data = malloc(room);
    size = data ? fread(data, 1, room, file) : 0;
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    fclose(file);
    return 0;
}

int main(int argc, char **argv)
{
    int count = 0, failed = 0;
    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        if (dir == NULL) {
            failed |= replay(argv[i]);
            count++;
            continue;
        }
        for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
            char path[4096];
            if (entry->d_name[0] == '.')
                continue;
            snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            failed |= replay(path);
            count++;
        }
        closedir(dir);
    }
    /* A crash ends the process before this line. Meson reads the line as TAP. */
    printf("1..1\n%s 1 - %d inputs\n", failed || count == 0 ? "not ok" : "ok", count);
    return failed || count == 0;
}
