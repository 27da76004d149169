#include "host.h"

#include <stdlib.h>

INTERNAL void pass(os_time duration)
{
    os_sleep(duration);
}

INTERNAL void forget(struct host *host)
{
    host->count = 0;
}

INTERNAL void test(struct host *host, const char *name, void (*body)(struct host *host))
{
    int before = host->failed;
    forget(host);
    body(host);
    printf("%sok %d - %s\n", host->failed == before ? "" : "not ", ++host->tests, name);
}

INTERNAL void send_frame(struct host *host, const uint8_t *destination, uint16_t type, const void *payload,
                         size_t len)
{
    struct buf *b = buf_alloc(14 + len);
    memcpy(b->data, destination, 6);
    memcpy(b->data + 6, host->info.mac, 6);
    wire_put16(b->data + 12, type);
    memcpy(b->data + 14, payload, len);
    IGNORE(wire_write(host->wire, b));
    pass(MILLISECONDS(1));
}

void wire_on_frame(void *ctx, struct buf *frame)
{
    struct host *host = ctx;
    size_t len = buf_len(frame);
    if (host->count < CAPTURED && len <= FRAME_MAX) {
        struct captured *c = &host->frames[host->count++];
        c->at = os_now();
        c->len = len - 14;
        memset(c->bytes, 0, sizeof c->bytes);
        IGNORE(buf_read_copy(frame, 0, c->bytes, len));
        if (wire_get16(c->bytes + 12) != 0)
            memcpy(host->mac, c->bytes + 6, 6);
    }
    buf_free(frame);
}

INTERNAL const struct captured *find(const struct host *host, uint16_t type, size_t at, uint8_t value,
                                     size_t n)
{
    for (size_t i = 0; i < host->count; i++) {
        const struct captured *c = &host->frames[i];
        if (wire_get16(c->bytes + 12) == type && at < c->len && c->bytes[14 + at] == value && n-- == 0)
            return c;
    }
    return NULL;
}

INTERNAL size_t count_of(const struct host *host, uint16_t type, size_t at, uint8_t value)
{
    size_t n = 0;
    while (find(host, type, at, value, n) != NULL)
        n++;
    return n;
}

struct wanted {
    const char *name;
    int64_t value;
};

static void visit(void *ctx, const struct metric *metric)
{
    struct wanted *wanted = ctx;
    if (strcmp(metric->name, wanted->name) == 0)
        wanted->value = metric->value;
}

INTERNAL int64_t metric_of(const char *name)
{
    struct wanted wanted = { name, -1 };
    metric_each(visit, &wanted);
    return wanted.value;
}

void v4_on_conflict(void *ctx, const struct ip_addr *address)
{
    struct host *host = ctx;
    (void)address;
    host->conflicts++;
}

void icmp_on_tcp_error(void *ctx, const struct icmp_error *error)
{
    struct host *host = ctx;
    (void)error;
    host->tcp_errors++;
}

IO err host_start(struct wire *wire, struct v4 *v4, struct ip *ip, struct udp *udp, struct icmp *icmp)
{
    struct host *host = calloc(1, sizeof *host);
    int failed;

    *host = (struct host){ .wire = wire, .v4 = v4, .ip = ip, .udp = udp, .icmp = icmp };
    wire_info(wire, &host->info);
    wire_listen(wire, host);
    v4_listen_conflict(v4, host);
    icmp_listen_tcp(icmp, host);
    pass(SECONDS(5));
    test_v4(host);
    test_v6(host);
    test_errors(host);
    test_strangers(host);
    printf("1..%d\n", host->tests);
    failed = host->failed;
    wire_listen(wire, NULL);
    v4_listen_conflict(v4, NULL);
    icmp_listen_tcp(icmp, NULL);
    free(host);
    return failed == 0 ? OK : ERR_FORMAT;
}
