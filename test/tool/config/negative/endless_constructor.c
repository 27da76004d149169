// limit: 2500
// expect: endless_constructor.c:7: error: the configuration was still running here after 2.5 s: is this an endless loop?
#include <mirage/config.h>

__attribute__((constructor)) static void early(void)
{
    for (;;)
        ;
}

void config(void)
{

}
