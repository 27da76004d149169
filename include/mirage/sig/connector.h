/*
 * CONNECTOR: connections by name.
 *
 * M_open(connector, host, port, out): connect to a host by its name, or by an address as text. Its
 *   addresses of both families are tried as RFC 8305 says: each gets a head start before the next, and the
 *   first that answers is used. The flow belongs to the connector's TCP. ERR_NOT_FOUND: there is no such
 *   host. When no address answers, the errors of TCP's M_open. ERR_TIMEOUT, ERR_IO, ERR_INVALID as RESOLVER's
 *   M_resolve.
 */
#ifndef MIRAGE_SIG_CONNECTOR_H
#define MIRAGE_SIG_CONNECTOR_H

#include <mirage/sig/tcp.h>

#define CONNECTOR(M) CONNECTOR_ON(M, M##_ip, M##_tcp)

#define CONNECTOR_ON(M, I, T)             \
    SUBMODULE(IP, I) IP(I);               \
    SUBMODULE(TCP_ON, T, I) TCP_ON(T, I); \
    DEVICE(M);                            \
    IO err M##_open(struct M *connector, const char *host, uint16_t port, struct T##_flow **out)

#endif
