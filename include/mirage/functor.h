/*
 * Functors: the macros by which a C file says that it is a module, which modules it
 * takes, and what can be configured. docs/functors.md is the guide. This is the mechanism.
 *
 * The same file is read in three ways:
 *   abstract  as it stands. Every parameter is its signature with opaque types,
 *             so clangd, an analyser and `cc -fsyntax-only` can check the whole file;
 *   describe  with `-E -DMIRAGE_DESCRIBE`. The macros leave markers, which the mirage
 *             command reads (tool/composition/source.c);
 *   instance  with `-DMIRAGE_INSTANCE`. A generated file first binds the parameters'
 *             symbols to those of the chosen modules with `#pragma redefine_extname`
 *             and defines MIRAGE_KEY_<name> for keys. Then it includes this file.
 * With MIRAGE_WHOLE a folder is read in the abstract way as one translation unit.
 */
#ifndef MIRAGE_FUNCTOR_H
#define MIRAGE_FUNCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mirage/err.h>

/* Marks an operation that may suspend the calling fiber. */
#define IO

#ifdef MIRAGE_DESCRIBE

#define PARAM(SIGNATURE, ...)                                     \
    __mirage_param__(#SIGNATURE, __FILE__, __LINE__, __VA_ARGS__) \
    {                                                             \
        SIGNATURE(__VA_ARGS__);                                   \
    }
#define MODULE(SIGNATURE, ...)                                     \
    __mirage_module__(#SIGNATURE, __FILE__, __LINE__, __VA_ARGS__) \
    {                                                              \
        SIGNATURE(__VA_ARGS__);                                    \
    }
#define SUBMODULE(SIGNATURE, ...) __mirage_submodule__(#SIGNATURE, __VA_ARGS__)
#define CATALOG(name, ...) __mirage_catalog__(#name, __FILE__, __LINE__ __VA_OPT__(, ) __VA_ARGS__)
#define GENERATED(program, ...) __mirage_generated__(#program, __FILE__, __LINE__ __VA_OPT__(, ) __VA_ARGS__)
#define LIBRARY(name) __mirage_library__(name)
#define INTERNAL __mirage_internal__
#define MIRAGE_KEY(kind, name, text, doc, ...) \
    __mirage_key__(#kind, #name, text, doc, __FILE__, __LINE__, __VA_ARGS__)
#define KEY_BOOL(name, value, ...) MIRAGE_KEY(bool, name, #value, "" __VA_ARGS__)
#define KEY_INT(name, value, least, most, ...) \
    MIRAGE_KEY(int, name, #value, "" __VA_ARGS__, least, most, value)
#define KEY_STRING(name, value, ...) MIRAGE_KEY(string, name, #value, "" __VA_ARGS__)
#define KEY_ENUM(name, value, doc, ...) MIRAGE_KEY(enum, name, #value, "" doc, __VA_ARGS__)
#define KEY_STRINGS(name, ...) MIRAGE_KEY(strings, name, #__VA_ARGS__, "")
#define KEY_CONSTANT(name) key_##name
#define KEY_RULE(condition, doc) __mirage_rule__("" doc, __FILE__, __LINE__, condition)

#else

/*
 * PARAM(SIGNATURE, name): the functor takes a module of this signature, whose
 * operations are called as name_operation(...). PARAM(SIGNATURE_ON, name, sub...)
 * also names its sub-modules. Two parameters that name the same sub-module must be
 * given modules that stand on the same instance (ML's `with module`).
 *
 * MODULE(SIGNATURE, name): this file is a module of that signature and defines
 * name_operation(...) for each of its operations. In an _ON form, a sub-module with
 * a parameter's name is that parameter itself, with no wrapper.
 *
 * The order of the PARAM lines is the order of the functor's type in config.c, of
 * the arguments of name_connect(struct name **out, ...) of a device, and of those
 * of name_start(...) of a JOB.
 */
#define PARAM(SIGNATURE, ...) SIGNATURE(__VA_ARGS__)
#define MODULE(SIGNATURE, ...) SIGNATURE(__VA_ARGS__)

/*
 * Stands before a sub-module's operations in a signature's _ON form, to tell the mirage
 * command of the sub-module: SUBMODULE(UDP_ON, U, I) UDP_ON(U, I);
 */
#define SUBMODULE(SIGNATURE, ...)

/*
 * CATALOG(function, argument...): how the configuration calls a module that the project ships. An argument is
 * the name of a parameter or of a key. The function takes a key as a number, a text or a bool; path(key) is
 * the path of a file or folder, which starts at the folder of config.c. An empty text leaves a key at its
 * default. A RANDOM or PCLOCK that is not among the arguments is the target's. Without this line the function
 * has the module's name and takes the parameters in their order. The first paragraph of the opening comment
 * is the function's documentation.
 */
#define CATALOG(name, ...) struct mirage_catalog

/*
 * GENERATED(program, key...): this program makes data for each instance when the instance is built. The
 * mirage command binds the external `program_data` to the data. A KEY_STRING among the keys is a folder that
 * the data is made from. A KEY_BOOL is an option that the program is given when the key is true. The programs
 * are: crunch (<base/crunch/crunch.h>).
 */
#define GENERATED(program, ...) struct mirage_generated

/* LIBRARY("zlib"): the module needs a system library, by its pkg-config name. */
#define LIBRARY(name) struct mirage_library

/*
 * Declares functions and data that the files of one folder share. In an instance the folder is one
 * translation unit, and INTERNAL is `static`.
 */
#if defined MIRAGE_INSTANCE || defined MIRAGE_WHOLE
#define INTERNAL static __attribute__((unused))
#else
#define INTERNAL
#endif

/*
 * The instance's name as text, such as "tcp__2". It distinguishes what the instances of a functor register or
 * log. A file that is read by itself has no instance name.
 */
#ifdef MIRAGE_INSTANCE
#define MIRAGE_TEXT(x) #x
#define MIRAGE_TEXT_OF(x) MIRAGE_TEXT(x)
#define INSTANCE_NAME MIRAGE_TEXT_OF(MIRAGE_INSTANCE)
#else
#define INSTANCE_NAME "abstract"
#endif

/*
 * A key is a constant of the functor that the configuration may set for each instance.
 * The source reads it as key_name. The compiler sees a constant, so it removes the
 * branches that the key rules out.
 *
 * KEY_BOOL(name, default, "what it is"): bool key_name.
 * KEY_INT(name, default, least, most, "what it is"): int64_t key_name, between
 *   bounds that the preprocessor can compute. The mirage command refuses a setting
 *   outside them, with this text as the reason. INT64_MIN and INT64_MAX mean that
 *   there is no bound.
 * KEY_STRING(name, default, "what it is"): char key_name[].
 * KEY_ENUM(name, default, "what it is", "one", "two"): char key_name[], one of
 *   these strings.
 *
 * KEY_RULE(condition, "what it asks for"): what bounds do not say, such as that a
 *   number is a power of two, or that one key goes with another. The condition is an
 *   expression of KEY_CONSTANT(name)s of the KEY_INTs and KEY_BOOLs above it, and of
 *   numbers that the preprocessor can compute. The mirage command refuses settings for
 *   which it does not hold, with the text as the reason.
 *
 * KEY_CONSTANT(name) is the value of a KEY_BOOL or KEY_INT where C asks for a
 * constant expression: the size of an array, a _Static_assert.
 */
#ifdef MIRAGE_INSTANCE
#define MIRAGE_KEY_VALUE(name, value) MIRAGE_KEY_##name
#else
#define MIRAGE_KEY_VALUE(name, value) value
#endif
#define MIRAGE_CONSTANT static const __attribute__((unused))
#define KEY_CONSTANT(name) ((int64_t)mirage_key_##name)
#define KEY_BOOL(name, value, ...)                                   \
    MIRAGE_CONSTANT bool key_##name = MIRAGE_KEY_VALUE(name, value); \
    enum { mirage_key_##name = MIRAGE_KEY_VALUE(name, value) }
#define KEY_INT(name, value, least, most, ...)                                    \
    MIRAGE_CONSTANT int64_t key_##name = MIRAGE_KEY_VALUE(name, value);           \
    enum { mirage_key_##name = MIRAGE_KEY_VALUE(name, value) };                   \
    _Static_assert(KEY_CONSTANT(name) >= (least) && KEY_CONSTANT(name) <= (most), \
                   "the default of the key " #name " is outside its bounds, " #least " to " #most)
#define KEY_RULE(condition, doc) _Static_assert(condition, doc)
#define KEY_STRING(name, value, ...) MIRAGE_CONSTANT char key_##name[] = MIRAGE_KEY_VALUE(name, value)
#define KEY_ENUM(name, value, ...) KEY_STRING(name, value)
#ifdef MIRAGE_INSTANCE
#define KEY_STRINGS(name, ...) MIRAGE_CONSTANT char *const key_##name[] = { MIRAGE_KEY_##name NULL }
#else
/* KEY_STRINGS(name, "a", "b"): an array of strings that ends with NULL. */
#define KEY_STRINGS(name, ...) MIRAGE_CONSTANT char *const key_##name[] = { __VA_ARGS__ __VA_OPT__(, ) NULL }
#endif

#endif

#include <mirage/arg.h>
#include <mirage/buf.h>
#include <mirage/log.h>
#include <mirage/os.h>

#include <mirage/sig/device.h>
#include <mirage/sig/job.h>
#include <mirage/sig/console.h>
#include <mirage/sig/pclock.h>
#include <mirage/sig/random.h>
#include <mirage/sig/sink.h>
#include <mirage/sig/block.h>
#include <mirage/sig/kv_ro.h>
#include <mirage/sig/kv_rw.h>
#include <mirage/sig/flow.h>
#include <mirage/sig/network.h>
#include <mirage/sig/switch.h>
#include <mirage/sig/ethernet.h>
#include <mirage/sig/arp.h>
#include <mirage/sig/ip.h>
#include <mirage/sig/ipv4.h>
#include <mirage/sig/icmp.h>
#include <mirage/sig/udp.h>
#include <mirage/sig/tcp.h>
#include <mirage/sig/stack.h>
#include <mirage/sig/resolver.h>
#include <mirage/sig/connector.h>
#include <mirage/sig/http.h>
#include <mirage/sig/http_client.h>
#include <mirage/sig/site.h>

#endif
