// expect: argument_type.c:6: error: 'text' is no type of a runtime argument: bool, int, string, ip, cidr, port, duration, strings or ips
#include <mirage/config.h>

void config(void)
{
    runtime_arg("greeting", "text", "hello", "what to say");
}
