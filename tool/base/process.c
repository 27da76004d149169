#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/keep.h"
#include "base/out.h"
#include "base/report.h"
#include "base/strings.h"

extern char **environ;

const char *program_find(const char *name)
{
    const char *path = getenv("PATH");
    char *save;
    if (strchr(name, '/') != NULL)
        return name;
    for (char *dir = path == NULL ? NULL : strtok_r(keep_string(path), ":", &save); dir != NULL;
         dir = strtok_r(NULL, ":", &save))
        if (access(text("%s/%s", dir, name), X_OK) == 0)
            return text("%s/%s", dir, name);
    return NULL;
}

struct running {
    struct command *command;
    pid_t pid;
    int fds[2]; /* the reading ends of its standard output and error, or -1 after their end */
    struct out texts[2];
};

static int status_of(int wait_status)
{
    if (WIFEXITED(wait_status))
        return WEXITSTATUS(wait_status);
    return 128 + WTERMSIG(wait_status);
}

static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status_of(status);
}

static void could_not_start(struct command *command, int error_number)
{
    command->status = -1;
    command->out = keep_string("");
    command->err = text("%s: %s\n", command->argv[0], strerror(error_number));
    command->err_len = strlen(command->err);
}

/* The environment for a command whose output the tool reads: messages are in English. */
static char **plain_environment(void)
{
    struct strings copy = { 0 };
    for (char **e = environ; *e != NULL; e++)
        if (strncmp(*e, "LC_ALL=", 7) != 0)
            strings_add(&copy, *e);
    strings_add(&copy, "LC_ALL=C");
    return (char **)copy.items;
}

static bool start(struct running *r, struct command *command)
{
    int pipes[2][2] = { { -1, -1 }, { -1, -1 } };
    posix_spawn_file_actions_t actions;
    int failed = 0;

    *r = (struct running){ .command = command, .fds = { -1, -1 } };
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    for (int i = 0; i < 2; i++) {
        if (pipe2(pipes[i], O_CLOEXEC) != 0) {
            failed = errno;
            goto out;
        }
        posix_spawn_file_actions_adddup2(&actions, pipes[i][1], i + 1);
    }
    failed = posix_spawnp(&r->pid, command->argv[0], &actions, NULL, (char *const *)command->argv,
                          plain_environment());
out:
    posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < 2; i++) {
        if (pipes[i][1] >= 0)
            close(pipes[i][1]);
        if (failed == 0)
            r->fds[i] = pipes[i][0];
        else if (pipes[i][0] >= 0)
            close(pipes[i][0]);
    }
    if (failed != 0)
        could_not_start(command, failed);
    return failed == 0;
}

static void take_output(struct running *r, int i)
{
    char room[16384];
    ssize_t n = read(r->fds[i], room, sizeof room);
    if (n > 0) {
        out_bytes(&r->texts[i], room, (size_t)n);
    } else if (n == 0 || errno != EINTR) {
        close(r->fds[i]);
        r->fds[i] = -1;
    }
}

static void finish(struct running *r)
{
    struct command *c = r->command;
    c->status = wait_for(r->pid);
    c->out_len = r->texts[0].len;
    c->err_len = r->texts[1].len;
    c->out = out_keep(&r->texts[0]);
    c->err = out_keep(&r->texts[1]);
    r->command = NULL;
}

enum { MOST_RUNNING = 16 };

/* Start commands until `most` are running or none is left. */
static void start_next(struct running *running, size_t most, struct command *commands, size_t count,
                       size_t *next)
{
    for (size_t i = 0; i < most; i++)
        while (running[i].command == NULL && *next < count)
            if (!start(&running[i], &commands[(*next)++]))
                running[i].command = NULL;
}

/* Wait until a command prints something or ends, and take what it printed. False when none is running. */
static bool take_outputs(struct running *running, size_t most)
{
    struct pollfd polls[2 * MOST_RUNNING];
    size_t alive = 0;
    for (size_t i = 0; i < most; i++) {
        alive += running[i].command != NULL;
        /* poll passes over a descriptor below zero. */
        for (int k = 0; k < 2; k++)
            polls[2 * i + (size_t)k] =
                (struct pollfd){ .fd = running[i].command != NULL ? running[i].fds[k] : -1,
                                 .events = POLLIN };
    }
    if (alive == 0)
        return false;
    if (poll(polls, 2 * most, -1) < 0)
        return true;
    for (size_t i = 0; i < most; i++) {
        struct running *r = &running[i];
        if (r->command == NULL)
            continue;
        for (int k = 0; k < 2; k++)
            if (polls[2 * i + (size_t)k].revents != 0)
                take_output(r, k);
        if (r->fds[0] < 0 && r->fds[1] < 0)
            finish(r);
    }
    return true;
}

bool run_all(struct command *commands, size_t count)
{
    struct running running[MOST_RUNNING] = { 0 };
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t most = processors < 1 ? 1 : processors > MOST_RUNNING ? MOST_RUNNING : (size_t)processors;
    size_t next = 0;

    do
        start_next(running, most, commands, count, &next);
    while (take_outputs(running, most));
    for (size_t i = 0; i < count; i++)
        if (commands[i].status != 0)
            return false;
    return true;
}

long run_begin(const char *const *argv, const char *log)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    int failed = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed == 0)
        return pid;
    error("cannot run %s: %s%s", argv[0], strerror(failed),
          strcmp(argv[0], "ninja") == 0 ? "; install the package ninja-build" : "");
    return 0;
}

int run_end(long process)
{
    return wait_for((pid_t)process);
}

static bool is_progress(const char *line)
{
    return *line == '[' && strchr(line, '/') != NULL && strchr(line, ']') != NULL;
}

/* Whether ninja itself wrote this line. Errors that stop ninja are not counted. */
static bool is_chatter(const char *line)
{
    return strncmp(line, "ninja: ", 7) == 0 && strncmp(line, "ninja: error: ", 14) != 0;
}

/*
 * Show a progress line, which begins with "[3/9]", when standard error is a terminal. Append what a command
 * printed to `rest`.
 */
static void take_line(char *line, bool terminal, bool *in_progress, struct out *rest)
{
    if (is_progress(line) && terminal) {
        line[strcspn(line, "\n")] = '\0';
        fprintf(stderr, "%s%.78s", *in_progress ? "\r\033[K" : "", line);
        fflush(stderr);
        *in_progress = true;
    } else if (!is_progress(line) && !is_chatter(line)) {
        out_print(rest, "%s", line);
    }
}

int run_ninja(const char *folder, char **printed)
{
    struct out rest = { 0 };
    const char *const argv[] = { "ninja", "-C", folder, NULL };
    bool terminal = isatty(STDERR_FILENO), in_progress = false;
    posix_spawn_file_actions_t actions;
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        error("cannot run ninja: %s", strerror(errno));
        return -1;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    int failed = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (failed != 0) {
        close(ends[0]);
        error("cannot run ninja: %s; install the package ninja-build", strerror(failed));
        return -1;
    }
    FILE *lines = fdopen(ends[0], "r");
    char *line = NULL;
    size_t room = 0;
    while (lines != NULL && getline(&line, &room, lines) >= 0)
        take_line(line, terminal, &in_progress, &rest);
    if (in_progress)
        fputs("\r\033[K", stderr);
    free(line);
    if (lines != NULL)
        fclose(lines);
    else
        close(ends[0]);
    *printed = out_keep(&rest);
    return wait_for(pid);
}
