/*
 * Checks %{ assert NAME == VALUE }%, about the TCP_INFO of the last connection. packetdrill runs such code as
 * Python. This program only understands assertions of equality, one or more on a line, joined by `and`.
 */
#include "drive.h"

#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 32 };

struct field {
    const char *name;
    int64_t value;
};

static size_t read_fields(struct drive *d, const struct event *event, struct field out[FIELDS])
{
    struct packetdrill_interface *s = &d->stack;
    struct tcp_info info;
    socklen_t len = sizeof info;
    if (s->getsockopt(s->self, d->connection, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        drive_fail(d, event, "there is no TCP_INFO");
#define FIELD(name)      \
    {                    \
#name, info.name \
    }
    const struct field fields[] = {
        FIELD(tcpi_state),         FIELD(tcpi_ca_state),
        FIELD(tcpi_retransmits),   FIELD(tcpi_probes),
        FIELD(tcpi_backoff),       FIELD(tcpi_options),
        FIELD(tcpi_snd_wscale),    FIELD(tcpi_rcv_wscale),
        FIELD(tcpi_rto),           FIELD(tcpi_snd_mss),
        FIELD(tcpi_rcv_mss),       FIELD(tcpi_unacked),
        FIELD(tcpi_sacked),        FIELD(tcpi_lost),
        FIELD(tcpi_retrans),       FIELD(tcpi_pmtu),
        FIELD(tcpi_rtt),           FIELD(tcpi_rttvar),
        FIELD(tcpi_snd_ssthresh),  FIELD(tcpi_snd_cwnd),
        FIELD(tcpi_advmss),        FIELD(tcpi_reordering),
        FIELD(tcpi_total_retrans), FIELD(tcpi_notsent_bytes),
        FIELD(tcpi_bytes_acked),   FIELD(tcpi_bytes_received),
    };
#undef FIELD
    memcpy(out, fields, sizeof fields);
    return sizeof fields / sizeof *fields;
}

static int64_t field_value(struct drive *d, const struct event *event, const struct field *fields,
                           size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].value;
    drive_fail(d, event, "'%s' is not a field of tcp_info that this driver knows", name);
}

void info_check(struct drive *d, const struct event *event)
{
    struct field fields[FIELDS];
    size_t count = read_fields(d, event, fields);
    char *text = strdup(event->text), *save, *word = strtok_r(text, " \n\t;", &save);
    while (word != NULL) {
        char *name = strtok_r(NULL, " \n\t;", &save), *equals = strtok_r(NULL, " \n\t;", &save),
             *value = strtok_r(NULL, " \n\t;,", &save);
        int64_t wanted;
        if ((strcmp(word, "assert") != 0 && strcmp(word, "and") != 0) || value == NULL ||
            strcmp(equals, "==") != 0)
            drive_fail(d, event, "this driver knows only `assert NAME == VALUE`");
        if (!symbol_value(value, &wanted))
            wanted = strtoll(value, NULL, 0);
        int64_t live = field_value(d, event, fields, count, name);
        if (live != wanted)
            drive_fail(d, event, "%s is %lld, not %lld", name, (long long)live, (long long)wanted);
        word = strtok_r(NULL, " \n\t;", &save);
    }
    free(text);
}
