// expect: constant_of_a_choice.c:6: error: set_int cannot change a choice between modules: change the modules that it chooses between
#include <mirage/config.h>

void config(void)
{
    STACK stack = set_int(generic_stack(), "backlog", 3);
    (void)stack;
}
