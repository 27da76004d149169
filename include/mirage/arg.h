/*
 * Runtime arguments, which a built program reads from its command line when it starts.
 * They are declared where they are used, with a type and a documentation:
 *
 *     ARG_PORT(port, 8080, "TCP port to listen on");
 *
 * makes `port` a static variable of the file, which is set before anything is connected.
 * `--port=9090` and `--port 9090` set it. `--help` and `mirage describe` list it with its
 * default. Underscores in the name are hyphens on the command line. When several instances
 * declare the same name, `--port` sets all of them and `--INSTANCE-port` sets one.
 */
#ifndef MIRAGE_ARG_H
#define MIRAGE_ARG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/ip/ip.h>
#include <mirage/time.h>

enum arg_type {
    ARG_TYPE_BOOL,     /* bool: --name, --name=true|false, --no-name */
    ARG_TYPE_INT,      /* int64_t: decimal or 0x hexadecimal */
    ARG_TYPE_STRING,   /* const char *: valid as long as the program runs */
    ARG_TYPE_IP,       /* struct ip_addr */
    ARG_TYPE_CIDR,     /* struct ip_cidr */
    ARG_TYPE_PORT,     /* uint16_t: 0–65535 */
    ARG_TYPE_DURATION, /* os_time: 10s, 250ms, 1h30m, 2us, 5ns; a bare number is refused */
    ARG_TYPE_STRINGS,  /* struct arg_strings: separated by commas; the option may be repeated */
    ARG_TYPE_IPS,      /* struct arg_ips: the same */
};

struct arg_strings {
    size_t count;
    const char **items;
};

struct arg_ips {
    size_t count;
    struct ip_addr *items;
};

struct arg {
    const char *name; /* the C identifier */
    enum arg_type type;
    void *value; /* the variable, which has the C type of `type` */
    const char *doc;
    const char *default_text; /* parsed first, as if it came from the command line; NULL: none */
    bool *given;              /* set to true when the command line names the argument; may be NULL */
};

#ifdef MIRAGE_DESCRIBE

#define MIRAGE_ARG(kind, ctype, name, value, text, doc) \
    __mirage_arg__(#kind, #name, text, doc, __FILE__, __LINE__)

#else

/*
 * The descriptor is global so that the generated main.c can list it. In an instance its name contains the
 * instance's name. `value` initialises the variable for programs that never parse a command line, such as
 * unit tests.
 */
#define MIRAGE_ARG(kind, ctype, name, value, text, argdoc)                                             \
    static __attribute__((unused)) ctype name = value;                                                 \
    extern const struct arg mirage_arg_##name;                                                         \
    const struct arg mirage_arg_##name = {                                                             \
        #name, ARG_TYPE_##kind, &name, MIRAGE_ARG_DOC(name, argdoc), MIRAGE_ARG_TEXT(name, text), NULL \
    }

/* The file of an instance defines the default and the text of each argument, which config.c may have set. */
#ifdef MIRAGE_MADE
#define MIRAGE_ARG_TEXT(name, text) MIRAGE_ARG_TEXT_##name
#define MIRAGE_ARG_DOC(name, doc) MIRAGE_ARG_DOC_##name
#else
#define MIRAGE_ARG_TEXT(name, text) text
#define MIRAGE_ARG_DOC(name, doc) doc
#endif

#endif

#define ARG_BOOL(name, value, doc) MIRAGE_ARG(BOOL, bool, name, value, #value, doc)
#define ARG_INT(name, value, doc) MIRAGE_ARG(INT, int64_t, name, value, #value, doc)
#define ARG_PORT(name, value, doc)                                         \
    _Static_assert((long long)(value) >= 0 && (long long)(value) <= 65535, \
                   "the default of " #name " is no port, 0 to 65535");     \
    MIRAGE_ARG(PORT, uint16_t, name, value, #value, doc)
/* The default is a C string, or NULL. */
#define ARG_STRING(name, value, doc) MIRAGE_ARG(STRING, const char *, name, value, value, doc)
/* The default of these is its text, such as "10.0.0.2/24" or "30s", or NULL for none (zero). */
#define ARG_IP(name, text, doc) MIRAGE_ARG(IP, struct ip_addr, name, { { { 0 } } }, text, doc)
#define ARG_CIDR(name, text, doc) MIRAGE_ARG(CIDR, struct ip_cidr, name, { 0 }, text, doc)
#define ARG_DURATION(name, text, doc) MIRAGE_ARG(DURATION, os_time, name, 0, text, doc)
#define ARG_STRINGS(name, text, doc) MIRAGE_ARG(STRINGS, struct arg_strings, name, { 0 }, text, doc)
#define ARG_IPS(name, text, doc) MIRAGE_ARG(IPS, struct arg_ips, name, { 0 }, text, doc)

/* An argument, with the instance that declared it, as main.c lists them. */
struct arg_entry {
    const struct arg *arg;
    const char *instance;
};

/* A program's arguments, and the text of its --help. */
struct arg_program {
    const char *name;
    const char *summary;
    size_t count;
    const struct arg_entry *entries;
};

enum arg_result {
    ARG_RUN,  /* arguments were parsed: start the program */
    ARG_DONE, /* --help was answered: exit with 0 */
    ARG_BAD,  /* a message was printed on the console: exit with 2 */
};

/*
 * Set every argument to its default, then parse argv[1..argc-1]. Besides the program's own arguments it knows
 * --help and the runtime's --log (see log_configure), which may be repeated. A mistake is reported in one
 * sentence that names the argument, its value and what was expected. For an unknown name it also gives the
 * nearest known one. Strings are not copied, so argv must stay valid.
 */
enum arg_result arg_parse(const struct arg_program *program, int argc, char *const *argv);

#endif
