/* What servers were found not to do. */
#include "dns_client.h"

KEY_INT(habit_seconds, 600, 1, 86400,
        "seconds for which a server that knows no EDNS, or does not keep the case of letters, is asked so");

INTERNAL struct habits habits_of(const struct dns_client *client, const struct ip_addr *server)
{
    for (size_t i = 0; i < SERVERS_MAX; i++) {
        const struct habits *known = &client->habits[i];
        if (known->until > os_now() && ip_equal(&known->server, server))
            return *known;
    }
    return (struct habits){ .server = *server };
}

INTERNAL void habits_note(struct dns_client *client, const struct habits *found)
{
    struct habits known = habits_of(client, &found->server), *place = client->habits;

    /* What is known already does not last longer by being found again. */
    if (known.plain >= found->plain && known.any_case >= found->any_case)
        return;
    for (size_t i = 0; i < SERVERS_MAX; i++) {
        struct habits *other = &client->habits[i];
        if (ip_equal(&other->server, &found->server)) {
            place = other;
            break;
        }
        if (other->until < place->until)
            place = other;
    }
    *place = (struct habits){ .server = found->server,
                              .until = os_now() + SECONDS(key_habit_seconds),
                              .plain = known.plain || found->plain,
                              .any_case = known.any_case || found->any_case };
}
