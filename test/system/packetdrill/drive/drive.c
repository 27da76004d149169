/*
 * Runs scripts against a stack in a shared object, through the interface that packetdrill has for one:
 *
 *     drive STACK.so [--ip_version=ipv4|ipv6|ipv4-mapped-ipv6]... [--verbose] SCRIPT...
 *
 * TAP, a case for each script and version of IP. Each has a process of its own, so that it begins with a
 * fresh stack.
 */
#include "drive.h"

#include <dlfcn.h>
#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { SCRIPT_SECONDS = 600, VERSIONS_MAX = 3 };

int64_t drive_now(struct drive *d)
{
    struct timeval tv;
    if (d->stack.gettimeofday(d->stack.self, &tv, NULL) != 0)
        drive_fail(d, d->event, "gettimeofday failed");
    return (int64_t)tv.tv_sec * 1000000 + tv.tv_usec - d->started;
}

void drive_fail(struct drive *d, const struct event *event, const char *format, ...)
{
    char text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    script_fail(d->script->path, event != NULL ? event->line : 0, "%s", text);
}

void drive_check_time(struct drive *d, const struct event *event, int64_t at, int64_t until, int64_t live,
                      const char *what)
{
    /* The tolerance is packetdrill's: a fixed time, or one percent of the wait. */
    int64_t tolerance = d->tolerance, percent = (at - d->event_at) / 100;
    if (percent > tolerance)
        tolerance = percent;
    if (event->time == TIME_ANY || (live >= at - tolerance && live <= until + tolerance))
        return;
    if (until != at)
        drive_fail(d, event, "%s at %.6f s, not between %.6f and %.6f", what, (double)live / 1e6,
                   (double)at / 1e6, (double)until / 1e6);
    drive_fail(d, event, "%s at %.6f s, not %.6f", what, (double)live / 1e6, (double)at / 1e6);
}

static void wait_until(struct drive *d, int64_t at)
{
    int64_t left;
    while ((left = at - drive_now(d)) > 0)
        if (d->stack.usleep(d->stack.self, (useconds_t)left) != 0)
            drive_fail(d, d->event, "usleep failed");
}

/* Begin a connection with the first packet to a listener. The script's peer uses a new port. */
static void begin_passive(struct drive *d)
{
    d->connected = true;
    d->active = d->isn_known = false;
    d->timestamp_count = 0;
    d->remote.port++;
}

static void run_in(struct drive *d, const struct event *event)
{
    static uint8_t packet[PACKET_MAX];
    const struct segment_spec *s = &event->packet.tcp;
    if (!event->packet.is_icmp && (s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && !d->connected)
        begin_passive(d);
    size_t len = packet_build(d, &event->packet, packet);
    if (d->stack.netdev_send(d->stack.self, packet, len) != 0)
        drive_fail(d, event, "netdev_send failed: %s", errno_name(errno));
}

/* Learn the port and the number of a connection that the stack opens from its SYN. */
static void learn_connection(struct drive *d, const struct live_packet *live)
{
    bool syn = live->flags & TCP_SYN;
    if (syn && !(live->flags & TCP_ACK) && !d->connected) {
        d->connected = d->active = true;
        d->local = live->from;
    }
    if (syn && !d->isn_known) {
        d->isn = live->seq;
        d->isn_known = true;
    }
}

static bool same_ends(const struct drive *d, const struct live_packet *live)
{
    size_t len = d->v6 ? 16 : 4;
    return live->from.port == d->local.port && live->to.port == d->remote.port &&
           memcmp(live->from.address, d->local.address, len) == 0 &&
           memcmp(live->to.address, d->remote.address, len) == 0;
}

/* Receive the stack's next packet, and the time when it left, relative to the script's 0. */
static void receive(struct drive *d, const struct event *event, struct live_packet *live, int64_t *at)
{
    static uint8_t packet[PACKET_MAX];
    size_t len = sizeof packet;
    long long us = 0;
    if (d->stack.netdev_receive(d->stack.self, packet, &len, &us) != 0)
        drive_fail(d, event, "netdev_receive failed: %s", errno_name(errno));
    if (len == 0)
        drive_fail(d, event, "the stack sends nothing any more");
    *at = us - d->started;
    const char *wrong = packet_read(d, packet, len, live);
    if (wrong != NULL)
        drive_fail(d, event, "a packet of %zu bytes at %.6f s: %s", len, (double)*at / 1e6, wrong);
    learn_connection(d, live);
    if (!same_ends(d, live))
        drive_fail(d, event, "a packet of another connection at %.6f s: %s", (double)*at / 1e6,
                   packet_show(d, live));
    if (d->verbose)
        printf("# %9.6f > %s\n", (double)*at / 1e6, packet_show(d, live));
}

static void run_out(struct drive *d, const struct event *event, int64_t at, int64_t until)
{
    struct live_packet live;
    int64_t when;
    receive(d, event, &live, &when);
    const char *difference = packet_compare(d, &event->packet, &live);
    if (difference != NULL)
        drive_fail(d, event, "%s: the stack sent, at %.6f s: %s", difference, (double)when / 1e6,
                   packet_show(d, &live));
    drive_check_time(d, event, at, until, when, "this packet left");
}

/*
 * Run `sysctl -q net.ipv4.tcp_sack=0 …`: write the value to the folder from which the stack reads settings.
 * The scripts of this folder run no other command.
 */
static void run_command(struct drive *d, const struct event *event, const char *command)
{
    char *text = strdup(command), *save = NULL, path[512];
    char *word = strtok_r(text, " ;\n\t", &save);
    for (; word != NULL; word = strtok_r(NULL, " ;\n\t", &save)) {
        char *value = strchr(word, '=');
        if (strcmp(word, "sysctl") == 0 || word[0] == '-')
            continue;
        if (value == NULL)
            drive_fail(d, event, "`%s` is no sysctl that this driver knows how to run", command);
        *value++ = '\0';
        int n = snprintf(path, sizeof path, "%s/", d->settings);
        for (const char *c = word; *c != '\0' && n < (int)sizeof path - 1; c++) {
            path[n] = *c == '.' ? '/' : *c;
            if (*c == '.') {
                path[n] = '\0';
                mkdir(path, 0700);
                path[n] = '/';
            }
            path[++n] = '\0';
        }
        FILE *file = fopen(path, "w");
        if (file == NULL || fprintf(file, "%s\n", value + (*value == '"')) < 0 || fclose(file) != 0)
            drive_fail(d, event, "cannot write %s", path);
    }
    free(text);
}

static void run_event(struct drive *d, const struct event *event)
{
    int64_t base = event->time == TIME_ABSOLUTE ? 0 : drive_now(d);
    int64_t at = base + event->at, until = base + event->until;
    d->event = event;
    if (event->kind == EVENT_OUT) {
        run_out(d, event, at, until);
    } else {
        wait_until(d, at);
        drive_check_time(d, event, at, until, drive_now(d), "this happened");
        if (d->verbose && event->kind == EVENT_IN)
            printf("# %9.6f < (line %d)\n", (double)drive_now(d) / 1e6, event->line);
    }
    if (event->kind == EVENT_IN)
        run_in(d, event);
    else if (event->kind == EVENT_CALL)
        call_run(d, event);
    else if (event->kind == EVENT_COMMAND)
        run_command(d, event, event->text);
    else if (event->kind == EVENT_CODE)
        info_check(d, event);
    d->event_at = drive_now(d);
}

/* Set the addresses of both ends to packetdrill's defaults. */
static void set_addresses(struct drive *d)
{
    if (d->v6) {
        inet_pton(AF_INET6, "fd3d:fa7b:d17d::1", d->local.address);
        inet_pton(AF_INET6, "2001:db8::1", d->remote.address);
    } else {
        inet_pton(AF_INET, "192.168.0.1", d->local.address);
        inet_pton(AF_INET, "192.0.2.1", d->remote.address);
    }
    d->local.port = d->remote.port = 8080;
}

static void run_script(struct drive *d, const char *so)
{
    void *handle = dlopen(so, RTLD_NOW | RTLD_LOCAL);
    void (*init)(const char *, struct packetdrill_interface *);
    if (handle == NULL || (*(void **)&init = dlsym(handle, "packetdrill_interface_init")) == NULL)
        script_fail(so, 0, "%s", dlerror());
    setenv("MIRAGE_SYSCTL", d->settings, 1);
    /* With this MTU, segments of 1460 bytes are full in both versions of IP. */
    init(d->v6 ? "mtu=1520" : NULL, &d->stack);
    if (d->script->init_command != NULL)
        run_command(d, NULL, d->script->init_command);
    d->started = drive_now(d);
    for (const struct event *e = d->script->events; e != NULL; e = e->next)
        run_event(d, e);
    call_finish(d);
    d->stack.free(d->stack.self);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;
    if (file == NULL || getdelim(&text, &room, '\0', file) < 0)
        script_fail(path, 0, "%s", strerror(errno));
    fclose(file);
    return text;
}

/* Run a script in this process and exit with its result. */
static _Noreturn void run_file(const char *so, const char *path, const char *ip_version, const char *settings,
                               bool verbose)
{
    struct script script;
    alarm(SCRIPT_SECONDS);
    script_parse(&script, path, read_file(path));
    const char *own = script_option(&script, "--ip_version"),
               *tolerance = script_option(&script, "--tolerance_usecs");
    if (own != NULL && strcmp(own, ip_version) != 0)
        _Exit(77);
    struct drive d = {
        .script = &script,
        .v6 = strcmp(ip_version, "ipv6") == 0,
        .v6_sockets = strcmp(ip_version, "ipv4") != 0,
        .verbose = verbose,
        .tolerance = tolerance == NULL ? 4000 : atoll(tolerance),
        .settings = settings,
    };
    for (int i = 0; i < FDS_MAX; i++)
        d.fds[i] = -1;
    set_addresses(&d);
    d.remote.port = 40000;
    run_script(&d, so);
    fflush(stdout);
    _Exit(0);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static bool run_case(int number, const char *so, const char *path, const char *ip_version, bool verbose)
{
    char settings[] = "/tmp/drive-XXXXXX";
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    int status = 0;
    if (mkdtemp(settings) == NULL)
        script_fail(path, 0, "no temporary folder: %s", strerror(errno));
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        run_file(so, path, ip_version, settings, verbose);
    waitpid(pid, &status, 0);
    nftw(settings, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    bool skipped = WIFEXITED(status) && WEXITSTATUS(status) == 77;
    bool ok = skipped || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
    if (WIFSIGNALED(status))
        printf("# ended by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
    printf("%s %d - %.*s %s%s\n", ok ? "ok" : "not ok", number, (int)strcspn(name, "."), name, ip_version,
           skipped ? " # SKIP the script is for another version of IP" : "");
    fflush(stdout);
    return ok;
}

int main(int argc, char *argv[])
{
    static const char version[] = "--ip_version=";
    const char *versions[VERSIONS_MAX] = { "ipv4" };
    bool verbose = false;
    int at = 2, failed = 0, count = 0, number = 0;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--verbose") == 0)
            verbose = true;
        else if (strncmp(argv[at], version, sizeof version - 1) == 0)
            versions[count < VERSIONS_MAX ? count++ : 0] = argv[at] + sizeof version - 1;
    }
    count += count == 0;
    if (at >= argc) {
        fprintf(stderr,
                "usage: drive STACK.so [--ip_version=ipv4|ipv6|ipv4-mapped-ipv6]... [--verbose] SCRIPT...\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..%d\n", (argc - at) * count);
    for (int i = at; i < argc; i++)
        for (int v = 0; v < count; v++)
            failed += !run_case(++number, argv[1], argv[i], versions[v], verbose);
    return failed == 0 ? 0 : 1;
}
