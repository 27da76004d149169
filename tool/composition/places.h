/* Places in the source, from an object's debug information. */
#ifndef TOOL_PLACES_H
#define TOOL_PLACES_H

#include <elfutils/libdw.h>
#include <stdbool.h>

/*
 * Where the function or variable of this name is defined; line 0 when that isn't known. The file's name is
 * kept.
 */
void place_of_definition(Dwarf *debug, const char *name, const char **file, int *line);

/* Where the code at this address comes from; false when that isn't known. */
bool place_of_address(Dwarf *debug, Dwarf_Addr address, const char **file, int *line);

#endif
