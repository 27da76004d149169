#include "composition/symbols.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

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

static void find_place(Dwfl_Module *module, struct search *s)
{
    Dwarf_Addr bias;
    for (Dwarf_Die *unit = NULL; s->line == 0 && (unit = dwfl_module_nextcu(module, unit, &bias)) != NULL;)
        look_in(unit, s);
}

static void read_table(Elf *elf, Elf_Scn *section, Dwfl_Module *module, struct strings *out)
{
    GElf_Shdr header;
    Elf_Data *data = elf_getdata(section, NULL);
    if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_SYMTAB || data == NULL)
        return;
    size_t count = header.sh_entsize == 0 ? 0 : header.sh_size / header.sh_entsize;
    for (size_t i = 0; i < count; i++) {
        GElf_Sym symbol;
        if (gelf_getsym(data, (int)i, &symbol) == NULL || GELF_ST_BIND(symbol.st_info) == STB_LOCAL ||
            symbol.st_shndx == SHN_UNDEF)
            continue;
        struct search s = { .name = elf_strptr(elf, header.sh_link, symbol.st_name) };
        if (s.name == NULL)
            continue;
        find_place(module, &s);
        strings_add(out, text("%s %d %s", s.name, s.line, s.file == NULL ? "" : s.file));
    }
}

/* In the order of the source, whatever the order of the compiler. */
static int by_line(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int line_x = atoi(x + strcspn(x, " ")), line_y = atoi(y + strcspn(y, " "));
    return line_x != line_y ? (line_x < line_y ? -1 : 1) : strcmp(x, y);
}

/* The debug information of an object is not relocated yet; libdwfl does that, libdw alone doesn't. */
static Dwfl *open_object(const char *object, Dwfl_Module **module, Elf **elf)
{
    static const Dwfl_Callbacks callbacks = { .section_address = dwfl_offline_section_address };
    GElf_Addr bias;
    Dwfl *dwfl = dwfl_begin(&callbacks);
    *module = dwfl == NULL ? NULL : dwfl_report_offline(dwfl, "functor", object, -1);
    if (*module != NULL) {
        dwfl_report_end(dwfl, NULL, NULL);
        *elf = dwfl_module_getelf(*module, &bias);
        if (*elf != NULL)
            return dwfl;
    }
    if (dwfl != NULL)
        dwfl_end(dwfl);
    return NULL;
}

bool symbols_read(const char *object, struct strings *out)
{
    Dwfl_Module *module;
    Elf *elf;
    Dwfl *dwfl = open_object(object, &module, &elf);
    if (dwfl == NULL)
        return false;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;)
        read_table(elf, section, module, out);
    if (out->count > 0)
        qsort(out->items, out->count, sizeof *out->items, by_line);
    dwfl_end(dwfl);
    return true;
}

/* Whether the relocation's symbol is the one of this name, and undefined here. */
static bool refers_to(Elf *elf, const GElf_Shdr *relocations, size_t index, const char *symbol)
{
    GElf_Shdr table;
    GElf_Sym entry;
    Elf_Scn *section = elf_getscn(elf, relocations->sh_link);
    Elf_Data *data = section == NULL ? NULL : elf_getdata(section, NULL);
    if (data == NULL || gelf_getshdr(section, &table) == NULL ||
        gelf_getsym(data, (int)index, &entry) == NULL || entry.st_shndx != SHN_UNDEF)
        return false;
    const char *name = elf_strptr(elf, table.sh_link, entry.st_name);
    return name != NULL && strcmp(name, symbol) == 0;
}

/* Unit by unit: Clang writes no table of which addresses are whose. */
static bool line_of(Dwfl_Module *module, Dwarf_Addr address, const char **file, int *line)
{
    Dwarf_Addr bias;
    for (Dwarf_Die *unit = NULL; (unit = dwfl_module_nextcu(module, unit, &bias)) != NULL;) {
        Dwarf_Line *at = dwarf_getsrc_die(unit, address - bias);
        const char *name = at == NULL ? NULL : dwarf_linesrc(at, NULL, NULL);
        if (name == NULL || dwarf_lineno(at, line) != 0)
            continue;
        *file = keep_string(name);
        return true;
    }
    return false;
}

/* The first relocation against the symbol, in one section of relocations, whose line is known. */
static bool find_use(Elf *elf, Elf_Scn *section, Dwfl_Module *module, const char *symbol, const char **file,
                     int *line)
{
    GElf_Shdr header, applies;
    GElf_Rela rela;
    Elf_Data *data = elf_getdata(section, NULL);
    if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_RELA || data == NULL ||
        gelf_getshdr(elf_getscn(elf, header.sh_info), &applies) == NULL)
        return false;
    size_t count = header.sh_entsize == 0 ? 0 : header.sh_size / header.sh_entsize;
    for (size_t i = 0; i < count; i++) {
        if (gelf_getrela(data, (int)i, &rela) == NULL ||
            !refers_to(elf, &header, GELF_R_SYM(rela.r_info), symbol))
            continue;
        if (line_of(module, applies.sh_addr + rela.r_offset, file, line))
            return true;
    }
    return false;
}

bool symbols_use(const char *object, const char *symbol, const char **file, int *line)
{
    bool found = false;
    Dwfl_Module *module;
    Elf *elf;
    Dwarf_Addr bias;
    Dwfl *dwfl = open_object(object, &module, &elf);
    if (dwfl == NULL)
        return false;
    dwfl_module_getdwarf(module, &bias); /* which places the sections */
    for (Elf_Scn *section = NULL; !found && (section = elf_nextscn(elf, section)) != NULL;)
        found = find_use(elf, section, module, symbol, file, line);
    dwfl_end(dwfl);
    return found;
}
