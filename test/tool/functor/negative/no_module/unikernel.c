#include <mirage/functor.h>

PARAM(CONSOLE, console);
