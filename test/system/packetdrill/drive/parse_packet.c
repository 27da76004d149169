#include "script.h"

#include <string.h>

static void put(struct segment_spec *s, struct lexer *l, uint64_t value, int bytes)
{
    if (s->options_len + (size_t)bytes > OPTIONS_MAX)
        script_fail(l->path, l->token.line, "the options are longer than %d bytes", OPTIONS_MAX);
    while (bytes-- > 0)
        s->options[s->options_len++] = (uint8_t)(value >> 8 * bytes);
}

static void parse_sack(struct lexer *l, struct segment_spec *s)
{
    size_t len_at = s->options_len + 1;
    put(s, l, 5 << 8, 2);
    s->sack_at = (int)s->options_len;
    while (l->token.kind == TOKEN_INTEGER) {
        put(s, l, (uint64_t)lexer_want_integer(l), 4);
        lexer_want_sign(l, ':');
        put(s, l, (uint64_t)lexer_want_integer(l), 4);
    }
    s->options[len_at] = (uint8_t)(s->options_len - len_at + 1);
}

/*
 * Read Fast Open's cookie, or an empty one, in the option of RFC 7413 or the experimental one of its drafts.
 */
static bool parse_fast_open(struct lexer *l, struct segment_spec *s)
{
    uint8_t cookie[OPTIONS_MAX];
    size_t len = lexer_take_hex(l, "FO", cookie, sizeof cookie);
    if (len != SIZE_MAX) {
        put(s, l, 34 << 8 | (2 + len), 2);
    } else if ((len = lexer_take_hex(l, "FOEXP", cookie, sizeof cookie)) != SIZE_MAX) {
        put(s, l, 254 << 8 | (4 + len), 2);
        put(s, l, 0xf989, 2);
    } else {
        return false;
    }
    for (size_t i = 0; i < len; i++)
        put(s, l, cookie[i], 1);
    return true;
}

static void parse_tcp_option(struct lexer *l, struct segment_spec *s)
{
    if (parse_fast_open(l, s))
        return;
    if (lexer_take_word(l, "nop")) {
        put(s, l, 1, 1);
    } else if (lexer_take_word(l, "eol")) {
        put(s, l, 0, 1);
    } else if (lexer_take_word(l, "mss")) {
        put(s, l, 0x0204, 2);
        put(s, l, (uint64_t)lexer_want_integer(l), 2);
    } else if (lexer_take_word(l, "wscale")) {
        put(s, l, 0x0303, 2);
        put(s, l, (uint64_t)lexer_want_integer(l), 1);
    } else if (lexer_take_word(l, "sackOK")) {
        put(s, l, 0x0402, 2);
    } else if (lexer_take_word(l, "sack")) {
        parse_sack(l, s);
    } else if (lexer_take_word(l, "TS")) {
        put(s, l, 0x080a, 2);
        s->tsval_at = (int)s->options_len;
        if (!lexer_take_word(l, "val"))
            script_fail(l->path, l->token.line, "'val' is expected here");
        put(s, l, (uint64_t)lexer_want_integer(l), 4);
        if (!lexer_take_word(l, "ecr"))
            script_fail(l->path, l->token.line, "'ecr' is expected here");
        put(s, l, (uint64_t)lexer_want_integer(l), 4);
    } else {
        script_fail(l->path, l->token.line, "this TCP option is not known");
    }
}

static void parse_tcp_options(struct lexer *l, struct segment_spec *s)
{
    if (!lexer_take_sign(l, '<'))
        return;
    if (l->token.kind == TOKEN_ELLIPSIS) {
        lexer_next(l);
        s->any_options = true;
    } else {
        do
            parse_tcp_option(l, s);
        while (lexer_take_sign(l, ','));
        /* On the wire, options fill whole words of four bytes. */
        while (s->options_len % 4 != 0)
            put(s, l, 0, 1);
    }
    lexer_want_sign(l, '>');
}

/* "S.", "FP.", ".", "SEW", "-" */
static void parse_flags(struct lexer *l, struct segment_spec *s)
{
    static const char letters[] = "FSRP.UEW";
    if (lexer_take_sign(l, '-'))
        return;
    if (l->token.kind == TOKEN_WORD) {
        for (const char *c = l->token.text; *c != '\0'; c++) {
            const char *at = strchr(letters, *c);
            if (at == NULL)
                script_fail(l->path, l->token.line, "'%c' is no TCP flag; they are %s", *c, letters);
            s->flags |= (uint8_t)(1 << (at - letters));
        }
        lexer_next(l);
    }
    if (lexer_take_sign(l, '.'))
        s->flags |= TCP_ACK;
    if (s->flags == 0)
        script_fail(l->path, l->token.line, "TCP flags are expected here");
}

static void parse_sequence(struct lexer *l, uint32_t *seq, uint32_t *len)
{
    *seq = (uint32_t)lexer_want_integer(l);
    lexer_want_sign(l, ':');
    uint32_t end = (uint32_t)lexer_want_integer(l);
    lexer_want_sign(l, '(');
    *len = (uint32_t)lexer_want_integer(l);
    lexer_want_sign(l, ')');
    if (end != *seq + *len)
        script_fail(l->path, l->token.line, "%u:%u is not %u bytes", *seq, end, *len);
}

static void parse_ip(struct lexer *l, bool outbound, struct packet_spec *out)
{
    char closing = lexer_take_sign(l, '[') ? ']' : lexer_take_sign(l, '(') ? ')' : '\0';
    if (closing == '\0')
        return;
    out->ecn_check = ECN_IS;
    if (lexer_take_word(l, "noecn")) {
        out->ecn = 0;
    } else if (lexer_take_word(l, "ect1")) {
        out->ecn = 1;
    } else if (lexer_take_word(l, "ect0")) {
        out->ecn = 2;
    } else if (lexer_take_word(l, "ce")) {
        out->ecn = 3;
    } else if (outbound && lexer_take_word(l, "ect01")) {
        out->ecn_check = ECN_ECT;
    } else if (lexer_take_word(l, "ttl")) {
        out->ecn_check = ECN_ANY;
        out->hop_limit = (uint8_t)lexer_want_integer(l);
    } else {
        script_fail(l->path, l->token.line,
                    "noecn, ect0, ect1, ce, ect01 (outbound) or ttl is expected here");
    }
    lexer_want_sign(l, closing);
}

static char *take_any_word(struct lexer *l)
{
    char *text = l->token.kind == TOKEN_WORD ? l->token.text : NULL;
    if (text != NULL)
        lexer_next(l);
    return text;
}

static void parse_icmp(struct lexer *l, struct icmp_spec *out)
{
    out->mtu = -1;
    out->type = take_any_word(l);
    if (out->type == NULL)
        script_fail(l->path, l->token.line, "a type of ICMP message is expected here");
    if (l->token.kind == TOKEN_WORD && strcmp(l->token.text, "mtu") != 0)
        out->code = take_any_word(l);
    if (lexer_take_word(l, "mtu"))
        out->mtu = (int)lexer_want_integer(l);
    if (lexer_take_sign(l, '[')) {
        parse_sequence(l, &out->seq, &out->len);
        lexer_want_sign(l, ']');
    }
}

void parse_packet(struct lexer *l, bool outbound, struct packet_spec *out)
{
    struct segment_spec *s = &out->tcp;
    *out = (struct packet_spec){ .tcp = { .window = -1, .tsval_at = -1, .sack_at = -1 } };
    parse_ip(l, outbound, out);
    if (lexer_take_word(l, "icmp")) {
        out->is_icmp = true;
        parse_icmp(l, &out->icmp);
        return;
    }
    parse_flags(l, s);
    parse_sequence(l, &s->seq, &s->len);
    if (lexer_take_word(l, "ack"))
        s->ack = (uint32_t)lexer_want_integer(l);
    if (lexer_take_word(l, "win"))
        s->window = (int)lexer_want_integer(l);
    if (lexer_take_word(l, "urg"))
        s->urgent = (uint16_t)lexer_want_integer(l);
    parse_tcp_options(l, s);
}
