/* Gives TCP the settings of Linux that scripts change with sysctl. README.md lists them. */
#include "private.h"

#include <stdio.h>

int64_t setting_number(const char *name, int64_t otherwise)
{
    char text[64];
    return host_setting(name, text, sizeof text) ? strtoll(text, NULL, 10) : otherwise;
}

int64_t setting_nth(const char *name, int n, int64_t otherwise)
{
    char text[SETTING_TEXT], *at = text;
    if (!host_setting(name, text, sizeof text))
        return otherwise;
    while (n-- > 0)
        strtoll(at, &at, 10);
    int64_t value = strtoll(at, NULL, 10);
    return value > 0 ? value : otherwise;
}

struct setting {
    const char *name;
    void (*apply)(const char *name, const char *text);
};

static void apply_number(const char *name, const char *text)
{
    inside_set(name, strtoll(text, NULL, 10));
}

/* The value 2 means always, as if the backlog were full. */
static void apply_cookies(const char *name, const char *text)
{
    apply_number(name, text);
    if (strcmp(text, "2") == 0)
        inside_set("tcp_max_syn_backlog", 0);
}

/* The text has the smallest, the default and the largest buffer. */
static void apply_receive_buffer(const char *name, const char *text)
{
    char *end;
    (void)name;
    strtoll(text, &end, 10);
    int64_t usual = strtoll(end, &end, 10), largest = strtoll(end, &end, 10);
    if (usual > 0 && largest >= usual) {
        inside_set("receive_buffer", usual);
        inside_set("receive_buffer_max", largest);
        /* The window scale follows from the largest buffer, as in Linux. */
        int scale = 63 - __builtin_clzll((unsigned long long)largest) - 15;
        if (setting_number("net.ipv4.tcp_window_scaling", 1) != 0)
            inside_set("window_scale", scale < 0 ? 0 : scale > 14 ? 14 : scale);
    }
}

static void apply_scaling(const char *name, const char *text)
{
    char buffer[SETTING_TEXT];
    inside_set("window_scale", strcmp(text, "0") == 0 ? -1 : 7);
    if (host_setting("net.ipv4.tcp_rmem", buffer, sizeof buffer))
        apply_receive_buffer(name, buffer);
}

static void apply_congestion(const char *name, const char *text)
{
    (void)name;
    if (!inside_set_congestion(text))
        log_debug("%s is not known: %s stays", text, inside_congestion());
}

/* This setting is read where it is used. */
static void apply_nothing(const char *name, const char *text)
{
    (void)name, (void)text;
}

static const struct setting settings[SETTINGS] = {
    { "tcp_sack", apply_number },
    { "tcp_timestamps", apply_number },
    { "tcp_ecn", apply_number },
    { "tcp_syn_retries", apply_number },
    { "tcp_synack_retries", apply_number },
    { "tcp_fin_timeout", apply_number },
    { "tcp_keepalive_intvl", apply_number },
    { "tcp_keepalive_probes", apply_number },
    { "tcp_max_orphans", apply_number },
    { "tcp_max_tw_buckets", apply_number },
    { "tcp_max_syn_backlog", apply_number },
    { "tcp_syncookies", apply_cookies },
    { "tcp_rmem", apply_receive_buffer },
    { "tcp_window_scaling", apply_scaling },
    { "tcp_congestion_control", apply_congestion },
    { "tcp_wmem", apply_nothing },
    { "tcp_notsent_lowat", apply_nothing },
    { "tcp_fastopen", apply_nothing },
    { "tcp_fastopen_key", apply_nothing },
};

/* Apply the settings that have changed. A socket option that was set in between stays. */
void settings_read(struct sockets *all)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        char name[64], text[SETTING_TEXT] = "";
        snprintf(name, sizeof name, "net.ipv4.%s", settings[i].name);
        if (!host_setting(name, text, sizeof text) || strcmp(text, all->settings[i]) == 0)
            continue;
        strcpy(all->settings[i], text);
        settings[i].apply(settings[i].name, text);
    }
}
