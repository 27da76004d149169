#include "diagnose.h"

void diagnose_flags(const struct compiler *compiler, struct strings *argv)
{
    (void)compiler;
    strings_add(argv, "-fno-diagnostics-color");
}
void diagnose(const struct compiler *compiler, const struct command *command)
{
    (void)compiler;
    fputs(command->err, stderr);
}
