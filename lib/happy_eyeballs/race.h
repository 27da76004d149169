/*
 * Which address is tried when (RFC 8305). The functions have no clock: they are told the events and the time.
 */
#ifndef HAPPY_EYEBALLS_RACE_H
#define HAPPY_EYEBALLS_RACE_H

#include <mirage/functor.h>

/* Addresses of a family that are tried at most. */
enum { RACE_ROOM = 8 };

struct race_family {
    bool done; /* looked up */
    err error; /* why there are no addresses */
    size_t count, next;
    struct ip_addr list[RACE_ROOM];
};

struct race {
    struct race_family v6, v4;
    os_time attempt_delay, resolution_delay;
    os_time v4_since;   /* when IPv4's addresses came */
    os_time next_start; /* when the next address may be tried */
    size_t started, running;
    bool last_v6;
};

INTERNAL void race_begin(struct race *race, os_time attempt_delay, os_time resolution_delay);
/* A family's addresses came, or an error instead. */
INTERNAL void race_found(struct race *race, bool v6, err error, const struct ip_addr *list, size_t count,
                         os_time now);
/* An attempt has ended without a connection: the next one need not wait. */
INTERNAL void race_ended(struct race *race, os_time now);

enum race_move {
    RACE_START, /* try *addr now; counted as begun */
    RACE_WAIT,  /* for something to happen, or until *wake */
    RACE_LOST,  /* there is nothing left to try or to wait for */
};

INTERNAL enum race_move race_next(struct race *race, os_time now, struct ip_addr *addr, os_time *wake);

/* Why there was no address at all. */
INTERNAL err race_error(const struct race *race);

#endif
