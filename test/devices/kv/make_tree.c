/* Writes the suite's values as files into a folder that does not exist yet. */
#include "make_tree.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc != 2 || make_tree(argv[1]) != 0) {
        perror("make_tree");
        return 1;
    }
    return 0;
}
