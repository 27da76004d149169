#include <mirage/config.h>

void config(void)
{
    functor(JOB) rules = foreign("rules.c", JOB);

    register_job("one", apply(rules));
    register_job("two", apply(set_bool(set_int(rules, "size", 24), "whole", false)));
}
