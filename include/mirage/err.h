/*
 * Errors. Every operation that can fail returns an `err`: 0 is success, values
 * come back through out-parameters, and an ignored result is a compiler
 * warning. Memory running out is an error like another.
 */
#ifndef MIRAGE_ERR_H
#define MIRAGE_ERR_H

/* GCC knows the C2x spelling on an enumeration, Clang 14 only its own. */
#ifdef __clang__
#define MIRAGE_NODISCARD __attribute__((warn_unused_result))
#else
#define MIRAGE_NODISCARD [[nodiscard]]
#endif

enum MIRAGE_NODISCARD err {
    OK = 0,
    ERR_NO_MEMORY,        /* an allocation failed */
    ERR_INVALID,          /* an argument is outside what the operation takes */
    ERR_END,              /* nothing more will come: end of stream or of data */
    ERR_CLOSED,           /* this side closed the object before or during the call */
    ERR_TIMEOUT,          /* a deadline passed */
    ERR_CANCELLED,        /* the calling fiber was cancelled */
    ERR_AGAIN,            /* nothing can be done now without suspending */
    ERR_BUSY,             /* in use by somebody else */
    ERR_NOT_FOUND,        /* no such key, name, file or route */
    ERR_EXISTS,           /* it is there already */
    ERR_ACCESS,           /* not permitted */
    ERR_IO,               /* the device or the host failed */
    ERR_NO_SPACE,         /* the device, table or queue is full */
    ERR_TOO_LARGE,        /* larger than a stated limit */
    ERR_RANGE,            /* an offset or a number lies outside its bounds */
    ERR_FORMAT,           /* outside bytes do not follow their specification */
    ERR_UNSUPPORTED,      /* this module does not do that */
    ERR_REFUSED,          /* the peer refused the connection */
    ERR_RESET,            /* the peer reset the connection */
    ERR_UNREACHABLE,      /* no route to the network or host, or the port is closed */
    ERR_ADDRESS_IN_USE,   /* the local address and port are taken */
    ERR_ADDRESS_NOT_HERE, /* the local address is not one of this host's */
    ERR_NOT_CONNECTED,    /* the object is not connected yet */
    ERR_DEADLOCK,         /* every fiber waits and nothing can wake one */
    ERR_COUNT
};
typedef enum err err;

/*
 * A short English phrase for `e`, in static memory: "no memory". A number
 * outside the enumeration gives "unknown error".
 */
const char *err_string(err e);

/*
 * Evaluate `expression`; when it is an error, return it from the function at
 * hand. Only for functions with nothing to undo; others `goto out`.
 */
#define TRY(expression)               \
    do {                              \
        err try_error = (expression); \
        if (try_error != OK)          \
            return try_error;         \
    } while (0)

/* Say that an error is ignored on purpose. */
#define IGNORE(expression)          \
    do {                            \
        err ignored = (expression); \
        (void)ignored;              \
    } while (0)

#endif
