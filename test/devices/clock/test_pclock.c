#include <mirage/functor.h>

#include <time.h>

#include "test/support/test.h"

MODULE(PCLOCK, pclock_unix);
err pclock_unix_connect(struct pclock_unix **out);

FIBER_TEST(now)
{
    struct pclock_unix *clock;
    int64_t before = time(NULL), now;

    TRY(pclock_unix_connect(&clock));
    now = pclock_unix_now(clock);
    /* time() may lag by a tick. */
    CHECK(now / 1000000000 >= before && now / 1000000000 <= time(NULL) + 1);
    os_sleep(MILLISECONDS(2));
    CHECK(pclock_unix_now(clock) > now);
    pclock_unix_disconnect(clock);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(now) };

    return cmocka_run_group_tests_name("pclock", tests, NULL, NULL);
}
