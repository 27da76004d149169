/*
 * Scripts: the part of packetdrill's language that ours are written in. A script is options, and then
 * events, each with its time:
 *
 *     --ip_version=ipv4                                  options for who runs it
 *     `sysctl -q net.ipv4.tcp_sack=0`                    settings of the stack
 *     0     socket(..., SOCK_STREAM, IPPROTO_TCP) = 3    a call and its result
 *     +0    < S 0:0(0) win 32792 <mss 1000,sackOK>       a packet to the stack
 *     +0    > S. 0:0(0) ack 1 <...>                      one that it must send
 *     +.1...0.3 accept(3, ..., ...) = 4                  a call that blocks, and until when
 *     +0    %{ assert tcpi_snd_cwnd == 10 }%             what TCP_INFO must tell of the last connection
 */
#ifndef DRIVE_SCRIPT_H
#define DRIVE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* lexer.c */

enum token_kind {
    TOKEN_END,
    TOKEN_INTEGER,
    TOKEN_FLOAT,
    TOKEN_WORD,
    TOKEN_STRING,
    TOKEN_COMMAND,
    TOKEN_OPTION,
    TOKEN_ELLIPSIS,
    TOKEN_CODE,
    TOKEN_SIGN
};

struct token {
    enum token_kind kind;
    int line;
    char sign; /* TOKEN_SIGN */
    int64_t integer;
    double real;
    char *text; /* the text of a word, string, command or option */
};

struct lexer {
    const char *path, *at;
    int line;
    struct token token; /* the current token */
};

void lexer_begin(struct lexer *l, const char *path, const char *text);
void lexer_next(struct lexer *l);

/* Print what is wrong at a line of the script, and exit. Each script has a process of its own. */
_Noreturn void script_fail(const char *path, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* parse.c */

enum expr_kind { EXPR_NUMBER, EXPR_WORD, EXPR_STRING, EXPR_ANY, EXPR_LIST, EXPR_FIELDS };

/*
 * A value in a call: a number, "text", ..., [a, b], {field=a, b}. A word stands for a constant, and a|b is a
 * union.
 */
struct expr {
    enum expr_kind kind;
    int64_t number;
    char *text; /* the text of a word or a string */
    char *name; /* the name of a field, or NULL */
    struct expr *items, *next;
};

enum ecn_check { ECN_ANY, ECN_IS, ECN_ECT };

enum { OPTIONS_MAX = 40 };

/* A TCP segment of a script. Its numbers are relative to the two initial sequence numbers. */
struct segment_spec {
    uint8_t flags;
    uint32_t seq, len, ack;
    int window; /* -1: any */
    uint16_t urgent;
    bool any_options;
    uint8_t options[OPTIONS_MAX];
    size_t options_len;
    int tsval_at; /* the offset of a time stamp's value in the options, or -1 */
    int sack_at;  /* the offset of the first SACK block, or -1 */
};

struct icmp_spec {
    char *type, *code;
    int mtu;           /* -1 */
    uint32_t seq, len; /* those of the quoted segment */
};

struct packet_spec {
    enum ecn_check ecn_check;
    uint8_t ecn;
    uint8_t hop_limit; /* 0: any */
    bool is_icmp;
    struct segment_spec tcp;
    struct icmp_spec icmp;
};

struct call_spec {
    char *name;
    struct expr *arguments, *result;
    char *error; /* the name of errno, or NULL */
    int64_t end; /* microseconds, as the event's; -1: it doesn't block */
};

enum time_kind { TIME_RELATIVE, TIME_ABSOLUTE, TIME_ANY };
enum event_kind { EVENT_IN, EVENT_OUT, EVENT_CALL, EVENT_COMMAND, EVENT_CODE };

struct event {
    struct event *next;
    int line;
    enum time_kind time;
    int64_t at, until; /* microseconds; until is at or after it */
    enum event_kind kind;
    struct packet_spec packet;
    struct call_spec call;
    char *text; /* the text of a command, or of code */
};

struct option {
    struct option *next;
    char *name, *value; /* "--ip_version"; value may be NULL */
};

struct script {
    const char *path;
    struct option *options;
    char *init_command;
    struct event *events;
};

void script_parse(struct script *script, const char *path, const char *text);
const char *script_option(const struct script *script, const char *name);

/* parse_packet.c: parse what follows the '<' or '>'. */
void parse_packet(struct lexer *l, bool outbound, struct packet_spec *out);

/* Take the current token when it is this sign. Returns whether it was. */
bool lexer_take_sign(struct lexer *l, char sign);
bool lexer_take_word(struct lexer *l, const char *word);
void lexer_want_sign(struct lexer *l, char sign);
int64_t lexer_want_integer(struct lexer *l);
/*
 * Take the word and the pairs of hexadecimal digits after it. Returns the number of bytes, or SIZE_MAX when
 * the current token is another word.
 */
size_t lexer_take_hex(struct lexer *l, const char *word, uint8_t *out, size_t room);

enum {
    TCP_FIN = 1,
    TCP_SYN = 2,
    TCP_RST = 4,
    TCP_PSH = 8,
    TCP_ACK = 16,
    TCP_URG = 32,
    TCP_ECE = 64,
    TCP_CWR = 128
};

/*
 * symbols.c: the value of SO_REUSEADDR, ECONNRESET, O_NONBLOCK and so on. False when the name is not known.
 */
bool symbol_value(const char *name, int64_t *out);
const char *errno_name(int error);

#endif
