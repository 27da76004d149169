#include "symbols.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

struct search {
    const char *name;
    int line;
    const char *file;
};

static bool is_definition_of(Dwarf_Die *die, const struct search *s)
{
    const char *name = dwarf_diename(die);
    return name != NULL && strcmp(name, s->name) == 0 && !dwarf_hasattr(die, DW_AT_declaration) &&
           (dwarf_tag(die) == DW_TAG_subprogram || dwarf_tag(die) == DW_TAG_variable);
}

/* GCC gives a variable's definition a DIE of its own that refers to the declaration's. */
static void look_in(Dwarf_Die *unit, struct search *s)
{
    Dwarf_Die die;
    if (dwarf_child(unit, &die) != 0)
        return;
    do {
        if (!is_definition_of(&die, s))
            continue;
        dwarf_decl_line(&die, &s->line);
        s->file = dwarf_decl_file(&die);
        return;
    } while (dwarf_siblingof(&die, &die) == 0);
}

static void find_place(Dwarf *dwarf, struct search *s)
{
    Dwarf_CU *cu = NULL;
    Dwarf_Die unit;
    uint8_t unit_type;
    while (s->line == 0 &&
           dwarf_get_units(dwarf, cu, &cu, NULL, &unit_type, &unit, NULL) == 0)
        look_in(&unit, s);
}

static void read_table(Elf *elf, Elf_Scn *section, Dwarf *dwarf, struct strings *out)
{
    GElf_Shdr header;
    Elf_Data *data = elf_getdata(section, NULL);
    if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_SYMTAB || data == NULL)
        return;
    size_t count = header.sh_entsize == 0 ? 0 : header.sh_size / header.sh_entsize;
    for (size_t i = 0; i < count; i++) {
        GElf_Sym symbol;
        if (gelf_getsym(data, (int)i, &symbol) == NULL ||
            GELF_ST_BIND(symbol.st_info) == STB_LOCAL || symbol.st_shndx == SHN_UNDEF)
            continue;
        struct search s = { .name = elf_strptr(elf, header.sh_link, symbol.st_name) };
        if (dwarf != NULL && s.name != NULL)
            find_place(dwarf, &s);
        strings_add(out, text("%s %d %s", s.name, s.line, s.file == NULL ? "" : s.file));
    }
}

bool symbols_read(const char *object, struct strings *out)
{
    elf_version(EV_CURRENT);
    int fd = open(object, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    Dwarf *dwarf = elf == NULL ? NULL : dwarf_begin(fd, DWARF_C_READ);
    for (Elf_Scn *section = NULL; elf != NULL && (section = elf_nextscn(elf, section)) != NULL;)
        read_table(elf, section, dwarf, out);
    bool ok = elf != NULL;
    if (dwarf != NULL)
        dwarf_end(dwarf);
    if (elf != NULL)
        elf_end(elf);
    close(fd);
    return ok;
}
