/*
 * The configuration language: what a config.c includes. docs/configuration.md is the guide.
 *
 *     #include <mirage/config.h>
 *
 *     void config(void)
 *     {
 *         functor(JOB, CONSOLE) hello = foreign("unikernel.c", JOB, CONSOLE);
 *         register_job("hello", apply(hello, default_console()));
 *     }
 *
 * Module types are pointer types and functors are C function types, so the compiler that
 * reads a config.c is the type checker of the composition. The calls compute nothing: they
 * only record what is applied to what, and the mirage command reads that record. Each macro
 * has the name of a function. It notes the line on which it is used and calls that function.
 * Macros expand their arguments at most twice, so that nested applications stay small.
 */
#ifndef MIRAGE_CONFIG_H
#define MIRAGE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Declares a module type, which has the name of its signature. The catalogue declares those of
 * include/mirage/sig/, and you declare your own.
 */
#define config_type(NAME) typedef struct mirage_##NAME *NAME

/* Configure-time keys: --name=value on the command line of mirage. */
config_type(BOOL_KEY);
config_type(INT_KEY);
config_type(STRING_KEY);
config_type(ENUM_KEY);

/* The function that the configuration defines. */
void config(void);

/* The mechanism: the line in use, the mark that ends a list, and the choice between (void) and a list. */
#define MIRAGE_HERE mirage_at(__FILE__, __LINE__)
/*
 * These begin with a word, so that after a forgotten semicolon they are not read as the arguments of a call.
 */
#define MIRAGE_CALL(call) __extension__(MIRAGE_HERE, call)
#define MIRAGE_CAST(type, call) __extension__((type)(MIRAGE_HERE, call))
#define MIRAGE_FIRST(x, ...) x
#define MIRAGE_SAME(...) __VA_ARGS__
#define MIRAGE_VOID(...) void
#define MIRAGE_PARAMS(...) MIRAGE_FIRST(__VA_OPT__(MIRAGE_SAME, ) MIRAGE_VOID, )(__VA_ARGS__)
#define MIRAGE_LIST(type, ...) ((type const[]){ __VA_ARGS__ __VA_OPT__(, ) mirage_end })
void mirage_at(const char *file, int line);
extern const char mirage_end[];

/* functor(RESULT, PARAMETER...): the type of a functor. Without parameters the functor takes nothing. */
#define functor(result, ...) __typeof__(result(*)(MIRAGE_PARAMS(__VA_ARGS__)))

/*
 * foreign(source, RESULT, PARAMETER...): the functor in a C file or in a folder of C files. A relative path
 * starts at the folder of config.c. The types repeat the source's PARAM and MODULE lines.
 */
#define foreign(source, result, ...) \
    MIRAGE_CAST(functor(result, __VA_ARGS__), foreign(source, #result, #__VA_ARGS__))

/* apply(f, x...): the module that the functor makes of these. The same application twice is one module. */
#define apply(f, ...)                         \
    MIRAGE_CAST(__typeof__((f)(__VA_ARGS__)), \
                apply(#f, (const void *)(f), MIRAGE_LIST(const void *, __VA_ARGS__)))

/* register_job("name", job): start it when the program starts. Several jobs run concurrently. */
#define register_job(...) MIRAGE_CALL(register_job(__VA_ARGS__))

/*
 * named(value, "lan"): the module with a name, which its runtime arguments and log lines have too. Two names
 * make two modules, even of the same application.
 */
#define named(value, name) MIRAGE_CAST(__typeof__(value), named((const void *)(value), name))

/* if_impl(bool_key, a, b): a when the key is true, else b. Both have the same type. */
#define if_impl(key, a, b)                                                                   \
    __extension__({                                                                          \
        __typeof__(a) mirage_branches[] = { (a), (b) };                                      \
        MIRAGE_CAST(__typeof__(mirage_branches[0]), if_impl(key, (void **)mirage_branches)); \
    })

/* match_impl(TYPE, key, {"value", x}, ...): the x that stands beside the value of an enum or string key. */
#define match_impl(type, key, ...)                                  \
    MIRAGE_CAST(type, _Generic((key), STRING_KEY                    \
                               : match_string_impl, default         \
                               : match_impl)(key, (const struct {   \
                                                 const char *value; \
                                                 type then;         \
                                             }[]){ __VA_ARGS__, { mirage_end, 0 } }))

/*
 * Keys: a name, a default, a line of documentation, and for key_enum the values that it may have. The same
 * declaration twice declares one key.
 */
#define key_bool(...) MIRAGE_CALL(key_bool(__VA_ARGS__))
#define key_int(...) MIRAGE_CALL(key_int(__VA_ARGS__))
#define key_string(...) MIRAGE_CALL(key_string(__VA_ARGS__))
#define key_enum(name, value, doc, ...) \
    MIRAGE_CALL(key_enum(name, value, doc, MIRAGE_LIST(const char *, __VA_ARGS__)))

/*
 * set_int(x, "window_scale", 9): the functor, or the module, with a constant of its source (KEY_INT and
 * similar) set. The value may also be a configure-time key of that kind. A string may also be an enum key.
 */
#define MIRAGE_SET(x, call) MIRAGE_CAST(__typeof__(x), call)
#define set_bool(x, name, v) \
    MIRAGE_SET(x, _Generic((v), BOOL_KEY : set_bool_key, default : set_bool)((const void *)(x), name, v))
#define set_int(x, name, v) \
    MIRAGE_SET(x, _Generic((v), INT_KEY : set_int_key, default : set_int)((const void *)(x), name, v))
#define set_string(x, name, v)                        \
    MIRAGE_SET(x, _Generic((v), STRING_KEY            \
                           : set_string_key, ENUM_KEY \
                           : set_enum_key, default    \
                           : set_string)((const void *)(x), name, v))
#define set_strings(x, name, ...) \
    MIRAGE_SET(x, set_strings((const void *)(x), name, MIRAGE_LIST(const char *, __VA_ARGS__)))

/*
 * with_library(f, "zlib"): the functor, or the module, with a system library that its source needs. The name
 * is that of pkg-config.
 */
#define with_library(x, name) MIRAGE_SET(x, with_library((const void *)(x), name))

/*
 * runtime_arg("greeting", "string", "hello", "what to say"): an argument that the built program reads when it
 * starts. The types are those of <mirage/arg.h>: bool, int, string, ip, cidr, port, duration, strings, ips.
 * The default is its text, or NULL for none.
 */
#define runtime_arg(...) MIRAGE_CALL(runtime_arg(__VA_ARGS__))

/* A module in the place of another type whose signature it satisfies. */
#define kv_ro_of(...) MIRAGE_CALL(kv_ro_of(__VA_ARGS__))
#define flow_of_tcp(...) MIRAGE_CALL(flow_of_tcp(__VA_ARGS__))
#define ip_of_ipv4(...) MIRAGE_CALL(ip_of_ipv4(__VA_ARGS__))

#define MIRAGE_USED __attribute__((warn_unused_result))

#include <mirage/catalog.h>

MIRAGE_USED void *(foreign)(const char *source, const char *result, const char *params);
MIRAGE_USED void *(apply)(const char *written, const void *f, const void *const *args);
void(register_job)(const char *name, JOB job);
void *(named)(const void *value, const char *name);
MIRAGE_USED void *(if_impl)(BOOL_KEY key, void *const *branches);
MIRAGE_USED void *(match_impl)(ENUM_KEY key, const void *cases);
MIRAGE_USED void *match_string_impl(STRING_KEY key, const void *cases);
BOOL_KEY(key_bool)(const char *name, int value, const char *doc);
INT_KEY(key_int)(const char *name, int64_t value, const char *doc);
STRING_KEY(key_string)(const char *name, const char *value, const char *doc);
ENUM_KEY(key_enum)(const char *name, const char *value, const char *doc, const char *const *choices);
void *(set_bool)(const void *x, const char *name, int value);
void *set_bool_key(const void *x, const char *name, BOOL_KEY key);
void *(set_int)(const void *x, const char *name, int64_t value);
void *set_int_key(const void *x, const char *name, INT_KEY key);
void *(set_string)(const void *x, const char *name, const char *value);
void *set_string_key(const void *x, const char *name, STRING_KEY key);
void *set_enum_key(const void *x, const char *name, ENUM_KEY key);
void *(set_strings)(const void *x, const char *name, const char *const *values);
void *(with_library)(const void *x, const char *name);
void(runtime_arg)(const char *name, const char *type, const char *value, const char *doc);
MIRAGE_USED KV_RO(kv_ro_of)(KV_RW kv);
MIRAGE_USED FLOW(flow_of_tcp)(TCP tcp);
MIRAGE_USED IP(ip_of_ipv4)(IPV4 ip);

#endif
