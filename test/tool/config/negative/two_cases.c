// expect: two_cases.c:7: error: match_impl has two cases for 'here'
#include <mirage/config.h>

void config(void)
{
    ENUM_KEY where = key_enum("site", "here", "where it speaks", "here", "there");
    CONSOLE console = match_impl(CONSOLE, where, {"here", default_console()}, {"here", default_console()});
    (void)console;
}
