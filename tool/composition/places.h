/* Places in the source, found by an object's debug information. */
#ifndef TOOL_PLACES_H
#define TOOL_PLACES_H

#include <elfutils/libdw.h>
#include <stdbool.h>

/*
 * Where the function or variable with this name is defined. The line is 0 when that is not known. The file's
 * name is kept until the tool exits.
 */
void place_of_definition(Dwarf *debug, const char *name, const char **file, int *line);

/*
 * The source line of the code at this address. False when it is not known. The file's name is kept until the
 * tool exits.
 */
bool place_of_address(Dwarf *debug, Dwarf_Addr address, const char **file, int *line);

#endif
