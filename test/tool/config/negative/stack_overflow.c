// gcc: stack_overflow.c:6: error: the configuration ran out of stack here: is this an endless recursion?
// clang: stack_overflow.c:6: 
#include <mirage/config.h>

/* On one line, since it is a matter of luck which of its stores meets the end. */
static JOB deeper(int n) { volatile char room[1000] = { (char)n }; return deeper(n + room[1] + 1); }

void config(void)
{
    register_job("hello", deeper(1));
}
