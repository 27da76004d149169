#include "symbols.h"

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
        if (gelf_getsym(data, (int)i, &symbol) == NULL ||
            GELF_ST_BIND(symbol.st_info) == STB_LOCAL || symbol.st_shndx == SHN_UNDEF)
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

bool symbols_read(const char *object, struct strings *out)
{
    /* The debug information of an object is not relocated yet; libdwfl does that, libdw alone doesn't. */
    static const Dwfl_Callbacks callbacks = { .section_address = dwfl_offline_section_address };
    bool ok = false;
    GElf_Addr bias;
    Dwfl *dwfl = dwfl_begin(&callbacks);
    Dwfl_Module *module = dwfl == NULL ? NULL : dwfl_report_offline(dwfl, "functor", object, -1);
    if (module == NULL)
        goto out;
    dwfl_report_end(dwfl, NULL, NULL);
    Elf *elf = dwfl_module_getelf(module, &bias);
    if (elf == NULL)
        goto out;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;)
        read_table(elf, section, module, out);
    if (out->count > 0)
        qsort(out->items, out->count, sizeof *out->items, by_line);
    ok = true;
out:
    if (dwfl != NULL)
        dwfl_end(dwfl);
    return ok;
}
