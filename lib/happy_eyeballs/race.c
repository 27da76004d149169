#include "race.h"

#include <string.h>

INTERNAL void race_begin(struct race *race, os_time attempt_delay, os_time resolution_delay)
{
    *race = (struct race){ .attempt_delay = attempt_delay, .resolution_delay = resolution_delay };
}

INTERNAL void race_found(struct race *race, bool v6, err error, const struct ip_addr *list, size_t count,
                         os_time now)
{
    struct race_family *family = v6 ? &race->v6 : &race->v4;
    family->done = true;
    family->error = error;
    family->count = error != OK ? 0 : count < RACE_ROOM ? count : RACE_ROOM;
    if (family->count > 0)
        memcpy(family->list, list, family->count * sizeof *list);
    if (!v6)
        race->v4_since = now;
}

INTERNAL void race_ended(struct race *race, os_time now)
{
    race->running--;
    race->next_start = now;
}

static bool has_more(const struct race_family *family)
{
    return family->next < family->count;
}

/* IPv6 first, and then the families by turns, as long as both have addresses (section 4). */
static struct race_family *turn(struct race *race)
{
    bool v6 = has_more(&race->v6) && !(race->started > 0 && race->last_v6 && has_more(&race->v4));
    race->last_v6 = v6;
    return v6 ? &race->v6 : &race->v4;
}

INTERNAL enum race_move race_next(struct race *race, os_time now, struct ip_addr *addr, os_time *wake)
{
    *wake = OS_NEVER;
    if (!has_more(&race->v6) && !has_more(&race->v4)) {
        bool over = race->v6.done && race->v4.done && race->running == 0;
        return over ? RACE_LOST : RACE_WAIT;
    }
    os_time when = race->next_start;
    /* Before the first attempt, IPv6's addresses are worth a short wait (section 3). */
    if (race->started == 0 && !race->v6.done && when < race->v4_since + race->resolution_delay)
        when = race->v4_since + race->resolution_delay;
    if (now < when) {
        *wake = when;
        return RACE_WAIT;
    }
    struct race_family *family = turn(race);
    *addr = family->list[family->next++];
    race->started++;
    race->running++;
    race->next_start = now + race->attempt_delay;
    return RACE_START;
}

INTERNAL err race_error(const struct race *race)
{
    /* What went wrong says more than that a family has none. */
    return race->v6.error == ERR_NOT_FOUND ? race->v4.error : race->v6.error;
}
