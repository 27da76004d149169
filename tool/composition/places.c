#include "composition/places.h"

#include <dwarf.h>
#include <stdint.h>
#include <string.h>

#include "base/keep.h"

static bool is_definition_of(Dwarf_Die *die, const char *sought)
{
    const char *name = dwarf_diename(die);
    return name != NULL && strcmp(name, sought) == 0 && !dwarf_hasattr(die, DW_AT_declaration) &&
           (dwarf_tag(die) == DW_TAG_subprogram || dwarf_tag(die) == DW_TAG_variable);
}

/* GCC gives the definition of a variable a DIE of its own, which refers to the DIE of its declaration. */
static bool look_in(Dwarf_Die *unit, const char *sought, const char **file, int *line)
{
    Dwarf_Die die;
    if (dwarf_child(unit, &die) != 0)
        return false;
    do {
        if (!is_definition_of(&die, sought))
            continue;
        const char *name = dwarf_decl_file(&die);
        if (dwarf_decl_line(&die, line) != 0)
            *line = 0;
        *file = name == NULL ? NULL : keep_string(name);
        return true;
    } while (dwarf_siblingof(&die, &die) == 0);
    return false;
}

void place_of_definition(Dwarf *debug, const char *name, const char **file, int *line)
{
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    uint8_t type;
    *file = NULL;
    *line = 0;
    while (debug != NULL && dwarf_get_units(debug, unit, &unit, NULL, &type, &die, NULL) == 0)
        if (look_in(&die, name, file, line))
            return;
}

/* Every unit is searched, because Clang writes no table of the units' addresses. */
bool place_of_address(Dwarf *debug, Dwarf_Addr address, const char **file, int *line)
{
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    uint8_t type;
    while (debug != NULL && dwarf_get_units(debug, unit, &unit, NULL, &type, &die, NULL) == 0) {
        Dwarf_Line *at = dwarf_getsrc_die(&die, address);
        const char *name = at == NULL ? NULL : dwarf_linesrc(at, NULL, NULL);
        if (name == NULL || dwarf_lineno(at, line) != 0)
            continue;
        *file = keep_string(name);
        return true;
    }
    return false;
}
