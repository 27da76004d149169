#include "script.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#ifndef TCP_TX_DELAY
#define TCP_TX_DELAY 37
#endif

struct symbol {
    const char *name;
    int64_t value;
};

#define SYMBOL(name) \
    {                \
#name, name  \
    }

static const struct symbol errors[] = {
    SYMBOL(EAGAIN),       SYMBOL(EINPROGRESS), SYMBOL(EALREADY),     SYMBOL(EISCONN),
    SYMBOL(ENOTCONN),     SYMBOL(ECONNRESET),  SYMBOL(ECONNREFUSED), SYMBOL(ECONNABORTED),
    SYMBOL(EPIPE),        SYMBOL(ETIMEDOUT),   SYMBOL(EHOSTUNREACH), SYMBOL(ENETUNREACH),
    SYMBOL(EINVAL),       SYMBOL(EBADF),       SYMBOL(EADDRINUSE),   SYMBOL(EADDRNOTAVAIL),
    SYMBOL(EMSGSIZE),     SYMBOL(ENOPROTOOPT), SYMBOL(EOPNOTSUPP),   SYMBOL(EPROTO),
    SYMBOL(ENOMEM),       SYMBOL(ENOBUFS),     SYMBOL(EACCES),       SYMBOL(EPERM),
    SYMBOL(EFAULT),       SYMBOL(EINTR),       SYMBOL(EIO),          SYMBOL(ENOTSUP),
    SYMBOL(EDESTADDRREQ), SYMBOL(EDEADLK),
};

static const struct symbol others[] = {
    SYMBOL(AF_INET),          SYMBOL(AF_INET6),
    SYMBOL(SOCK_STREAM),      SYMBOL(SOCK_DGRAM),
    SYMBOL(IPPROTO_TCP),      SYMBOL(IPPROTO_IP),
    SYMBOL(IPPROTO_IPV6),     SYMBOL(SOL_SOCKET),
    SYMBOL(SOL_TCP),          SYMBOL(SO_REUSEADDR),
    SYMBOL(SO_REUSEPORT),     SYMBOL(SO_SNDBUF),
    SYMBOL(SO_RCVBUF),        SYMBOL(SO_LINGER),
    SYMBOL(SO_KEEPALIVE),     SYMBOL(SO_ERROR),
    SYMBOL(SO_RCVLOWAT),      SYMBOL(SO_TYPE),
    SYMBOL(SO_ACCEPTCONN),    SYMBOL(TCP_NODELAY),
    SYMBOL(TCP_CORK),         SYMBOL(TCP_MAXSEG),
    SYMBOL(TCP_KEEPIDLE),     SYMBOL(TCP_KEEPINTVL),
    SYMBOL(TCP_KEEPCNT),      SYMBOL(TCP_SYNCNT),
    SYMBOL(TCP_LINGER2),      SYMBOL(TCP_DEFER_ACCEPT),
    SYMBOL(TCP_WINDOW_CLAMP), SYMBOL(TCP_INFO),
    SYMBOL(TCP_QUICKACK),     SYMBOL(TCP_CONGESTION),
    SYMBOL(TCP_USER_TIMEOUT), SYMBOL(TCP_NOTSENT_LOWAT),
    SYMBOL(IP_TOS),           SYMBOL(IP_MTU_DISCOVER),
    SYMBOL(IP_PMTUDISC_DO),   SYMBOL(O_RDWR),
    SYMBOL(O_NONBLOCK),       SYMBOL(F_GETFL),
    SYMBOL(F_SETFL),          SYMBOL(SIOCINQ),
    SYMBOL(SIOCOUTQ),         SYMBOL(SIOCOUTQNSD),
    SYMBOL(FIONREAD),         SYMBOL(SHUT_RD),
    SYMBOL(SHUT_WR),          SYMBOL(SHUT_RDWR),
    SYMBOL(MSG_MORE),         SYMBOL(MSG_PEEK),
    SYMBOL(MSG_DONTWAIT),     SYMBOL(MSG_WAITALL),
    SYMBOL(MSG_NOSIGNAL),     SYMBOL(MSG_TRUNC),
    SYMBOL(MSG_ERRQUEUE),     SYMBOL(MSG_EOR),
    SYMBOL(MSG_ZEROCOPY),     SYMBOL(SO_ZEROCOPY),
    SYMBOL(TCP_INQ),          SYMBOL(TCP_FASTOPEN),
    SYMBOL(TCP_FASTOPEN_KEY), SYMBOL(TCP_FASTOPEN_CONNECT),
    SYMBOL(MSG_FASTOPEN),     SYMBOL(POLLIN),
    SYMBOL(POLLOUT),          SYMBOL(POLLERR),
    SYMBOL(POLLHUP),          SYMBOL(POLLRDHUP),
    SYMBOL(POLLPRI),          SYMBOL(EPOLLIN),
    SYMBOL(EPOLLOUT),         SYMBOL(EPOLLERR),
    SYMBOL(EPOLLHUP),         SYMBOL(EPOLLRDHUP),
    SYMBOL(EPOLLET),          SYMBOL(EPOLL_CTL_ADD),
    SYMBOL(EPOLL_CTL_MOD),    SYMBOL(EPOLL_CTL_DEL),
    SYMBOL(TCP_ESTABLISHED),  SYMBOL(TCP_SYN_SENT),
    SYMBOL(TCP_SYN_RECV),     SYMBOL(TCP_FIN_WAIT1),
    SYMBOL(TCP_FIN_WAIT2),    SYMBOL(TCP_TIME_WAIT),
    SYMBOL(TCP_CLOSE),        SYMBOL(TCP_CLOSE_WAIT),
    SYMBOL(TCP_LAST_ACK),     SYMBOL(TCP_LISTEN),
    SYMBOL(TCP_CLOSING),      SYMBOL(TCP_CA_Open),
    SYMBOL(TCP_CA_Disorder),  SYMBOL(TCP_CA_CWR),
    SYMBOL(TCP_CA_Recovery),  SYMBOL(TCP_CA_Loss),
};

static bool find(const struct symbol *symbols, size_t count, const char *name, int64_t *out)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(symbols[i].name, name) == 0) {
            *out = symbols[i].value;
            return true;
        }
    return false;
}

bool symbol_value(const char *name, int64_t *out)
{
    return find(others, sizeof others / sizeof *others, name, out) ||
           find(errors, sizeof errors / sizeof *errors, name, out);
}

const char *errno_name(int error)
{
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].value == error)
            return errors[i].name;
    return strerror(error);
}
