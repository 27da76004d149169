/* The kernel's error numbers as values of err, for everything that stands on Linux. */
#ifndef PLATFORM_LINUX_ERROR_H
#define PLATFORM_LINUX_ERROR_H

#include <errno.h>

#include <mirage/err.h>

/*
 * `number` is an errno. Callers first handle those that have another meaning for them (EINPROGRESS, EPIPE of
 * a console, …). A number that isn't listed is ERR_IO.
 */
static inline err linux_error(int number)
{
    switch (number) {
    case 0: return OK;
    case ENOMEM:
    case ENOBUFS: return ERR_NO_MEMORY;
    case EINVAL:
    case EBADF:
    case EISDIR:
    case EFAULT:
    case ENAMETOOLONG:
    case EDESTADDRREQ: return ERR_INVALID;
    case ETIMEDOUT: return ERR_TIMEOUT;
    case EAGAIN: return ERR_AGAIN;
    case EBUSY:
    case ETXTBSY:
    case EALREADY: return ERR_BUSY;
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ENXIO: return ERR_NOT_FOUND;
    case EEXIST:
    case EISCONN:
    case ENOTEMPTY: return ERR_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
    case EXDEV: return ERR_ACCESS;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE: return ERR_NO_SPACE;
    case EMSGSIZE:
    case EFBIG:
    case E2BIG: return ERR_TOO_LARGE;
    case ERANGE:
    case EOVERFLOW: return ERR_RANGE;
    case ENOSYS:
    case EOPNOTSUPP:
    case ENOTTY:
    case EPROTONOSUPPORT:
    case EAFNOSUPPORT: return ERR_UNSUPPORTED;
    case ECONNREFUSED: return ERR_REFUSED;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE: return ERR_RESET;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN: return ERR_UNREACHABLE;
    case EADDRINUSE: return ERR_ADDRESS_IN_USE;
    case EADDRNOTAVAIL: return ERR_ADDRESS_NOT_HERE;
    case ENOTCONN: return ERR_NOT_CONNECTED;
    default: return ERR_IO;
    }
}

#endif
