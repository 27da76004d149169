/* Names of hosts, as text. Pure functions. */
#ifndef BASE_DNS_HOST_NAME_H
#define BASE_DNS_HOST_NAME_H

#include <stdbool.h>

/* Bytes of a name's text, without a final dot and the NUL (RFC 1035, section 2.3.4). */
enum { HOST_NAME_TEXT_MAX = 253 };

/*
 * Whether the text has the syntax of RFC 1123, section 2.1, with or without a final dot. Underscores are
 * allowed, because real names have them. A name whose last label is a number is refused: it is an address
 * that was mistyped or obscured.
 */
bool host_name_valid(const char *name);

#endif
