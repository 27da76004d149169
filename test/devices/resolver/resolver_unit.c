/* The folder as one translation unit, as an instance compiles it. */
#define MIRAGE_INSTANCE
#define MIRAGE_KEY_threads 8
#include "devices/resolver/resolver_unix/addresses.c"
#include "devices/resolver/resolver_unix/lookup.c"
#include "devices/resolver/resolver_unix/records.c"
