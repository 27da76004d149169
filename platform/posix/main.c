/* The entry of a process, which is given its arguments in the form that program_main takes. */
#include <platform/platform.h>

int main(int argc, char *argv[])
{
    return program_main(argc, argv);
}
