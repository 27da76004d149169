#define MIRAGE_INSTANCE stack
#define MIRAGE_KEY_wait_for_address false
#include "lib/stack/stack.c"
