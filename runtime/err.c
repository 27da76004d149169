#include <mirage/err.h>

#include <stddef.h>

const char *err_string(err e)
{
    static const char *const phrases[ERR_COUNT] = {
        [OK] = "success",
        [ERR_NO_MEMORY] = "no memory",
        [ERR_INVALID] = "invalid argument",
        [ERR_END] = "end of data",
        [ERR_CLOSED] = "closed",
        [ERR_TIMEOUT] = "timed out",
        [ERR_CANCELLED] = "cancelled",
        [ERR_AGAIN] = "nothing can be done now",
        [ERR_BUSY] = "busy",
        [ERR_NOT_FOUND] = "not found",
        [ERR_EXISTS] = "exists already",
        [ERR_ACCESS] = "not permitted",
        [ERR_IO] = "input/output error",
        [ERR_NO_SPACE] = "no space left",
        [ERR_TOO_LARGE] = "too large",
        [ERR_RANGE] = "out of range",
        [ERR_FORMAT] = "bad format",
        [ERR_UNSUPPORTED] = "not supported",
        [ERR_REFUSED] = "connection refused",
        [ERR_RESET] = "connection reset",
        [ERR_UNREACHABLE] = "unreachable",
        [ERR_ADDRESS_IN_USE] = "address in use",
        [ERR_ADDRESS_NOT_HERE] = "address not of this host",
        [ERR_NOT_CONNECTED] = "not connected",
        [ERR_DEADLOCK] = "deadlock",
    };
    return (unsigned)e < ERR_COUNT && phrases[e] != NULL ? phrases[e] : "unknown error";
}
