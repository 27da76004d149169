#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/keep.h"
#include "base/nearest.h"
#include "base/report.h"
#include "base/strings.h"
#include "commands/cli.h"

static int unknown(const char *word)
{
    struct strings names = { 0 };
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
        strings_add(&names, c->name);
    const char *near = nearest(word, names.items);
    error("there is no command '%s'%s; the commands are: %s", word,
          near == NULL ? "" : text(" (did you mean %s?)", near), strings_join(&names, ", "));
    return 2;
}

static int obey(int argc, char **argv)
{
    if (argc < 2) {
        cli_overview(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("mirage %s\n", MIRAGE_VERSION);
        return 0;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_overview(stdout);
        return 0;
    }
    const struct cli_command *command = cli_find(argv[1]);
    return command == NULL ? unknown(argv[1]) : cli_run(command, argc - 1, argv + 1);
}

/* A file must not become descriptor 2, which errors are written to. */
static bool standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

int main(int argc, char **argv)
{
    if (!standard_descriptors())
        return 1;
    setlocale(LC_ALL, "");
    int status = obey(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    error("cannot write to the standard output: %s", strerror(errno));
    return status == 0 ? 1 : status;
}
