/* The entry of a process, which is given arguments as program_main wants them. */
#include <platform/platform.h>

int main(int argc, char *argv[])
{
    return program_main(argc, argv);
}
