/*
 * What is outside of the simulation that the stack under test runs in, and the hand-over between its thread
 * and the callers'. The loop runs as long as there is something to do at this point of time; then whoever
 * asked goes on, until time is let pass.
 */
#include "host.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mirage/os.h>
#include <platform/platform.h>

#include <platform/sim/sim.h>
#include "netdev.h"

/* This is longer than any timer of TCP, so a stack that has sent nothing by then stays silent. */
#define SILENCE HOURS(3)
#define ARGUMENTS_MAX 16
/* How long a thread may take to return from a blocking call, in real milliseconds. */
#define RETURN_MS 20

struct packet {
    struct packet *next;
    os_time at;
    size_t len;
    uint8_t bytes[];
};

struct packet_list {
    struct packet *first, **last;
};

static struct host {
    pthread_mutex_t lock;
    pthread_cond_t work, answer;
    pthread_t loop, first_caller;
    uint64_t asked, answered; /* requests to the loop, by number */
    bool ended;
    os_time target;          /* the time up to which the clock may advance */
    os_time deadline;        /* the next timer, while the loop is idle */
    bool until_packet;       /* … or until a packet leaves, */
    struct host_call *until; /* or this call ends */
    struct host_call *calls, **calls_last;
    struct packet_list in, out;
    struct platform_source source; /* raised for requests and packets that came from outside */
    void (*receive)(void *ctx, const uint8_t *packet, size_t len);
    void *receive_ctx;
    void (*begin)(void *ctx, struct host_call *call);
    void *begin_ctx;
    bool (*turn)(void *ctx);
    void *turn_ctx;
    bool returning;  /* a blocking call has ended since the last sleep, */
    bool asked_time; /* and its thread has asked for the time, and takes packetdrill's lock next */
    char *arguments[ARGUMENTS_MAX];
    int argument_count;
    uint16_t mtu;
    bool alias_known[2]; /* for IPv4 and IPv6 */
    uint8_t alias[2][16];
} host = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .work = PTHREAD_COND_INITIALIZER,
    .answer = PTHREAD_COND_INITIALIZER,
    .calls_last = &host.calls,
    .in.last = &host.in.first,
    .out.last = &host.out.first,
    .mtu = 1500,
};

/* The time when the blocking call on this thread ended. Its caller asks for the time next. */
static __thread os_time ended_at;

static void packet_add(struct packet_list *list, const void *bytes, size_t len, os_time at)
{
    struct packet *p = malloc(sizeof *p + len);
    if (p == NULL)
        abort();
    p->next = NULL;
    p->at = at;
    p->len = len;
    memcpy(p->bytes, bytes, len);
    *list->last = p;
    list->last = &p->next;
}

static struct packet *packet_take(struct packet_list *list)
{
    struct packet *p = list->first;
    if (p != NULL && (list->first = p->next) == NULL)
        list->last = &list->first;
    return p;
}

/*
 * Hand one packet or call from outside to the stack, without holding the lock, because the stack may answer
 * at once.
 */
static bool arrive(void *ctx)
{
    (void)ctx;
    pthread_mutex_lock(&host.lock);
    struct host_call *call = host.calls;
    struct packet *p = NULL;
    if (call != NULL && (host.calls = call->next) == NULL)
        host.calls_last = &host.calls;
    if (call == NULL)
        p = packet_take(&host.in);
    pthread_mutex_unlock(&host.lock);
    if (call != NULL)
        host.begin(host.begin_ctx, call);
    else if (p != NULL)
        host.receive(host.receive_ctx, p->bytes, p->len);
    free(p);
    return false;
}

static bool satisfied(void)
{
    return (host.until_packet && host.out.first != NULL) || (host.until != NULL && host.until->done);
}

/* Nothing is left to do now. Let the callers go on until one of them makes a request. */
static void idle(os_time deadline)
{
    host.target = sim_platform.now;
    host.deadline = deadline;
    host.until_packet = false;
    host.until = NULL;
    uint64_t seen = host.answered = host.asked;
    pthread_cond_broadcast(&host.answer);
    while (host.asked == seen)
        pthread_cond_wait(&host.work, &host.lock);
}

static void outside(os_time deadline)
{
    if (host.turn != NULL && host.turn(host.turn_ctx))
        return;
    pthread_mutex_lock(&host.lock);
    if (host.begin != NULL && (host.calls != NULL || host.in.first != NULL)) {
        /* There is work to do at this point of time. */
        platform_source_raise(&host.source);
    } else if (deadline <= sim_platform.now + MICROSECONDS(1)) {
        /* A very short timer marks the end of this turn. */
        if (deadline > sim_platform.now)
            sim_platform.now = deadline;
    } else if (host.begin == NULL || (!satisfied() && deadline <= host.target)) {
        /* Time does not matter while the stack starts or stops. */
        sim_platform.now = deadline;
    } else {
        if (!satisfied() && host.target > sim_platform.now)
            sim_platform.now = host.target;
        idle(deadline);
    }
    pthread_mutex_unlock(&host.lock);
}

void host_on_packet(void (*receive)(void *ctx, const uint8_t *packet, size_t len), void *ctx)
{
    host.receive = receive;
    host.receive_ctx = ctx;
}

void host_on_call(void (*begin)(void *ctx, struct host_call *call), void *ctx)
{
    host.begin_ctx = ctx;
    host.begin = begin;
    platform_source_watch(&host.source, arrive, NULL);
}

void host_on_turn(bool (*turn)(void *ctx), void *ctx)
{
    host.turn_ctx = ctx;
    host.turn = turn;
}

void host_set_alias(bool v6, const uint8_t *address)
{
    host.alias_known[v6] = true;
    memcpy(host.alias[v6], address, v6 ? 16 : 4);
}

const uint8_t *host_alias(bool v6)
{
    return host.alias_known[v6] ? host.alias[v6] : NULL;
}

void host_packet_out(const uint8_t *packet, size_t len)
{
    pthread_mutex_lock(&host.lock);
    packet_add(&host.out, packet, len, sim_platform.now);
    pthread_mutex_unlock(&host.lock);
}

void host_call_done(struct host_call *call)
{
    pthread_mutex_lock(&host.lock);
    call->ended = sim_platform.now;
    call->done = true;
    if (call->beside) {
        host.returning = true;
        host.asked_time = false;
    }
    pthread_cond_broadcast(&host.answer);
    pthread_mutex_unlock(&host.lock);
}

uint16_t host_mtu(void)
{
    return host.mtu;
}

/* Wake the loop and wait until it is idle again. The caller holds the lock. */
static void ask(void)
{
    uint64_t number = ++host.asked;
    pthread_cond_signal(&host.work);
    while (host.answered < number && !host.ended)
        pthread_cond_wait(&host.answer, &host.lock);
}

/*
 * A thread beside the first one waits for its call while the first goes on. The first one itself would wait
 * for ever: time passes for it, and when nothing happens any more, the call is a mistake of the script's.
 */
int64_t host_run(struct host_call *call)
{
    bool first = pthread_equal(pthread_self(), host.first_caller);
    call->done = false;
    call->beside = !first;
    call->next = NULL;
    pthread_mutex_lock(&host.lock);
    *host.calls_last = call;
    host.calls_last = &call->next;
    ask();
    if (!call->done && first) {
        host.until = call;
        host.target = sim_platform.now + SILENCE;
        ask();
        if (!call->done && call->fiber != NULL)
            os_cancel(call->fiber);
        ask();
    }
    while (!call->done && !host.ended)
        pthread_cond_wait(&host.answer, &host.lock);
    if (!first)
        ended_at = call->ended;
    pthread_mutex_unlock(&host.lock);
    if (call->result < 0)
        errno = call->error;
    return call->result;
}

int host_packet_in(const void *packet, size_t len)
{
    pthread_mutex_lock(&host.lock);
    packet_add(&host.in, packet, len, sim_platform.now);
    ask();
    pthread_mutex_unlock(&host.lock);
    return 0;
}

size_t host_packet_next(void *out, size_t room, os_time *left_at)
{
    size_t len = 0;
    pthread_mutex_lock(&host.lock);
    if (host.out.first == NULL) {
        host.until_packet = true;
        host.target = sim_platform.now + SILENCE;
        ask();
    }
    struct packet *p = packet_take(&host.out);
    if (p != NULL && p->len <= room) {
        len = p->len;
        memcpy(out, p->bytes, len);
        *left_at = p->at;
    }
    free(p);
    pthread_mutex_unlock(&host.lock);
    return len;
}

/*
 * Let time pass, when the loop is done with what another thread asked for. Up to the next timer nothing can
 * happen, so that the loop need not know. Called with the lock.
 */
static void pass(os_time duration)
{
    while (host.answered < host.asked && !host.ended)
        pthread_cond_wait(&host.answer, &host.lock);
    host.target = sim_platform.now + duration;
    if (host.target < host.deadline)
        sim_platform.now = host.target;
    else
        ask();
}

/*
 * packetdrill lets go of its lock only while it sleeps. A thread whose blocking call has ended needs real
 * time then, to take the lock and store the call's result, which the next events of the script may use.
 */
static void let_threads_return(void)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    for (int i = 0; i < RETURN_MS && !host.asked_time; i++) {
        pthread_mutex_unlock(&host.lock);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&host.lock);
    }
    pthread_mutex_unlock(&host.lock);
    nanosleep(&pause, NULL);
    pthread_mutex_lock(&host.lock);
    host.returning = false;
}

void host_sleep(os_time duration)
{
    pthread_mutex_lock(&host.lock);
    if (host.returning)
        let_threads_return();
    pass(duration);
    pthread_mutex_unlock(&host.lock);
}

/* packetdrill spends the last microseconds before an event asking for the time repeatedly. */
os_time host_time(void)
{
    os_time now = ended_at;
    ended_at = 0;
    pthread_mutex_lock(&host.lock);
    if (now == 0) {
        pass(MICROSECONDS(1));
        now = sim_platform.now;
    } else {
        host.asked_time = true;
    }
    pthread_mutex_unlock(&host.lock);
    return now;
}

static void *loop_thread(void *arg)
{
    (void)arg;
    program_main(host.argument_count, host.arguments);
    pthread_mutex_lock(&host.lock);
    host.ended = true;
    pthread_cond_broadcast(&host.answer);
    pthread_mutex_unlock(&host.lock);
    return NULL;
}

static void add_argument(const char *text)
{
    if (host.argument_count < ARGUMENTS_MAX - 1)
        host.arguments[host.argument_count++] = strdup(text);
}

/* Read flags such as "mtu=1520,--log=tcp:debug": settings of the device, and arguments of the program. */
static void read_flags(const char *flags)
{
    char *text = strdup(flags == NULL ? "" : flags), *save = NULL;
    for (char *word = strtok_r(text, ", ", &save); word != NULL; word = strtok_r(NULL, ", ", &save)) {
        if (strncmp(word, "mtu=", 4) == 0)
            host.mtu = (uint16_t)atoi(word + 4);
        else if (strncmp(word, "--", 2) == 0)
            add_argument(word);
        else
            fprintf(stderr,
                    "packetdrill stack: '%s' is neither mtu=N nor an argument such as --log=tcp:debug\n",
                    word);
    }
    free(text);
}

void host_begin(const char *flags)
{
    static const char *const arguments[] = { "packetdrill", NETDEV_ARGUMENTS };
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++)
        add_argument(arguments[i]);
    read_flags(flags);
    sim_platform.outside = outside;
    host.first_caller = pthread_self();
    pthread_mutex_lock(&host.lock);
    host.asked = 1;
    if (pthread_create(&host.loop, NULL, loop_thread, NULL) != 0)
        abort();
    while (host.answered == 0 && !host.ended)
        pthread_cond_wait(&host.answer, &host.lock);
    bool failed = host.ended;
    pthread_mutex_unlock(&host.lock);
    if (failed) {
        fprintf(stderr, "packetdrill stack: it did not start\n");
        _Exit(1);
    }
}

void host_end(void)
{
    pthread_mutex_lock(&host.lock);
    os_stop(OK);
    host.target = sim_platform.now + SILENCE;
    host.asked++;
    pthread_cond_signal(&host.work);
    pthread_mutex_unlock(&host.lock);
    pthread_join(host.loop, NULL);
    for (struct packet *p; (p = packet_take(&host.out)) != NULL;)
        free(p);
    for (int i = 0; i < host.argument_count; i++)
        free(host.arguments[i]);
}
