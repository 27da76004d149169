/*
 * STACK: a host's network: its IP, UDP and TCP, which stand on one another. The
 * kernel's sockets and the project's own stack both are one.
 *
 * M_get_ip, M_get_udp, M_get_tcp(stack): the parts, which live as long as the stack.
 * M_hostname(stack): the host's own name, "" when nobody gave it one; lives as long as the stack.
 */
#ifndef MIRAGE_SIG_STACK_H
#define MIRAGE_SIG_STACK_H

#include <mirage/sig/tcp.h>

#define STACK(M) STACK_ON(M, M##_ip, M##_udp, M##_tcp)

#define STACK_ON(M, I, U, T)                \
    SUBMODULE(IP, I) IP(I);                 \
    SUBMODULE(UDP_ON, U, I) UDP_ON(U, I);   \
    SUBMODULE(TCP_ON, T, I) TCP_ON(T, I);   \
    DEVICE(M);                              \
    struct I *M##_get_ip(struct M *stack);  \
    struct U *M##_get_udp(struct M *stack); \
    struct T *M##_get_tcp(struct M *stack); \
    const char *M##_hostname(struct M *stack)

#endif
