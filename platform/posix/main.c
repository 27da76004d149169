/* The entry of a process, which is given its arguments in the form that program_main takes. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <platform/platform.h>

/*
 * A process may be started with standard input, output or error closed. The next file that it opens then
 * takes that number, and messages are written into a disk or a socket. So what is closed is opened on
 * /dev/null before anything else is. Where there is no /dev/null, a descriptor that takes no bytes holds the
 * number.
 */
static void open_standard_descriptors(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
        if (fd < 0)
            fd = open("/", O_RDONLY | O_DIRECTORY);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0)
        abort();
    close(fd);
}

int main(int argc, char *argv[])
{
    open_standard_descriptors();
    return program_main(argc, argv);
}
