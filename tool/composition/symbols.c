#include "composition/symbols.h"

#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/paths.h"
#include "base/report.h"
#include "composition/places.h"
#include "composition/wasm.h"

/* An open object, ELF or WebAssembly. The fields of the other kind are empty. */
struct object {
    Dwfl *dwfl;
    Elf *elf;
    struct wasm_object wasm;
    Elf *wasm_debug;
    Dwarf *debug; /* NULL when it has no debug information */
    Dwarf_Addr bias;
};

/* libdwfl must not look for debug information outside the object. */
static int find_none(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, const char *file,
                     const char *link, GElf_Word crc, char **found)
{
    (void)module, (void)data, (void)name, (void)base, (void)file, (void)link, (void)crc, (void)found;
    return -1;
}

/* An object's debug information is not relocated. libdwfl relocates it, and libdw alone does not. */
static bool open_elf(const char *path, struct object *out)
{
    static const Dwfl_Callbacks callbacks = { .section_address = dwfl_offline_section_address,
                                              .find_debuginfo = find_none };
    GElf_Addr bias;
    out->dwfl = dwfl_begin(&callbacks);
    Dwfl_Module *module = out->dwfl == NULL ? NULL : dwfl_report_offline(out->dwfl, "functor", path, -1);
    if (module == NULL)
        return false;
    dwfl_report_end(out->dwfl, NULL, NULL);
    out->elf = dwfl_module_getelf(module, &bias);
    if (out->elf != NULL)
        /* this also gives the sections their addresses */
        out->debug = dwfl_module_getdwarf(module, &out->bias);
    return out->elf != NULL;
}

static bool open_wasm(const char *data, size_t size, struct object *out)
{
    if (!wasm_read(data, size, &out->wasm))
        return false;
    if (out->wasm.debug != NULL)
        out->wasm_debug = elf_memory(out->wasm.debug, out->wasm.debug_size);
    if (out->wasm_debug != NULL)
        out->debug = dwarf_begin_elf(out->wasm_debug, DWARF_C_READ, NULL);
    return true;
}

/* Open an object. The caller calls object_close, also after a failure. */
static bool object_open(const char *path, struct object *out)
{
    size_t size;
    *out = (struct object){ 0 };
    const char *data = file_read(path, &size);
    if (data == NULL)
        return false;
    elf_version(EV_CURRENT);
    return wasm_is(data, size) ? open_wasm(data, size, out) : open_elf(path, out);
}

static void object_close(struct object *object)
{
    if (object->wasm_debug != NULL) {
        dwarf_end(object->debug);
        elf_end(object->wasm_debug);
    }
    if (object->dwfl != NULL)
        dwfl_end(object->dwfl);
}

static void add_symbol(const struct object *object, const char *name, struct strings *out)
{
    const char *file;
    int line;
    place_of_definition(object->debug, name, &file, &line);
    strings_add(out, text("%s %d %s", name, line, file == NULL ? "" : file));
}

static size_t entries(const GElf_Shdr *header)
{
    return header->sh_entsize == 0 ? 0 : header->sh_size / header->sh_entsize;
}

/* Append the symbols of the section, when it is a symbol table. False when the table is cut off. */
static bool read_table(const struct object *object, Elf_Scn *section, struct strings *out)
{
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == NULL)
        return false;
    if (header.sh_type != SHT_SYMTAB)
        return true;
    Elf_Data *data = elf_getdata(section, NULL);
    for (size_t i = 0; i < entries(&header); i++) {
        GElf_Sym symbol;
        if (data == NULL || gelf_getsym(data, (int)i, &symbol) == NULL)
            return false;
        if (GELF_ST_BIND(symbol.st_info) == STB_LOCAL || symbol.st_shndx == SHN_UNDEF)
            continue;
        const char *name = elf_strptr(object->elf, header.sh_link, symbol.st_name);
        if (name == NULL)
            return false;
        add_symbol(object, name, out);
    }
    return true;
}

/* Sort by line, because compilers emit symbols in any order. */
static int by_line(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int line_x = atoi(x + strcspn(x, " ")), line_y = atoi(y + strcspn(y, " "));
    return line_x != line_y ? (line_x < line_y ? -1 : 1) : strcmp(x, y);
}

static bool read_elf(const struct object *object, struct strings *out)
{
    size_t sections;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(object->elf, section)) != NULL;)
        if (!read_table(object, section, out))
            return false;
    /* An object of an empty source may have no symbols, but it has a table of sections. */
    return elf_getshdrnum(object->elf, &sections) == 0 && sections > 0;
}

static void read_wasm(const struct object *object, struct strings *out)
{
    const struct wasm_object *wasm = &object->wasm;
    for (size_t i = 0; i < wasm->symbol_count; i++)
        if (wasm->symbols[i].is_defined && wasm->symbols[i].is_global)
            add_symbol(object, wasm->symbols[i].name, out);
}

bool symbols_read(const char *path, struct strings *out)
{
    struct object object;
    bool whole = object_open(path, &object);
    if (whole && object.elf == NULL)
        read_wasm(&object, out);
    else if (whole)
        whole = read_elf(&object, out);
    object_close(&object);
    if (!whole) {
        error("%s is damaged, or no object of ELF's or WebAssembly's; remove it and build again",
              path_shown(path));
        return false;
    }
    if (out->count > 0)
        qsort(out->items, out->count, sizeof *out->items, by_line);
    return true;
}

/* Whether the relocation's symbol has this name and is undefined in this object. */
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

/* Read the place and the symbol of one relocation. Some processors' relocations have addends. */
static bool get_relocation(Elf_Data *data, size_t i, bool addends, GElf_Addr *offset, size_t *symbol)
{
    GElf_Rela with;
    GElf_Rel without;
    if (addends ? gelf_getrela(data, (int)i, &with) == NULL : gelf_getrel(data, (int)i, &without) == NULL)
        return false;
    *offset = addends ? with.r_offset : without.r_offset;
    *symbol = GELF_R_SYM(addends ? with.r_info : without.r_info);
    return true;
}

struct uses {
    struct symbol_use *items;
    size_t count;
};

static void add_use(struct uses *uses, const char *file, int line)
{
    for (size_t i = 0; i < uses->count; i++)
        if (uses->items[i].line == line && strcmp(uses->items[i].file, file) == 0)
            return;
    size_t n = uses->count;
    if ((n & (n - 1)) == 0) {
        struct symbol_use *grown = keep((n == 0 ? 1 : 2 * n) * sizeof *grown);
        if (n > 0)
            memcpy(grown, uses->items, n * sizeof *grown);
        uses->items = grown;
    }
    uses->items[uses->count++] = (struct symbol_use){ file, line };
}

/* Append the places of one section's relocations that refer to the symbol and whose line is known. */
static void find_uses(const struct object *object, Elf_Scn *section, const char *symbol, struct uses *out)
{
    GElf_Shdr header, applies;
    GElf_Addr offset;
    size_t index;
    const char *file;
    int line;
    Elf_Data *data = elf_getdata(section, NULL);
    if (data == NULL || gelf_getshdr(section, &header) == NULL ||
        (header.sh_type != SHT_RELA && header.sh_type != SHT_REL) ||
        gelf_getshdr(elf_getscn(object->elf, header.sh_info), &applies) == NULL)
        return;
    for (size_t i = 0; i < entries(&header); i++)
        if (get_relocation(data, i, header.sh_type == SHT_RELA, &offset, &index) &&
            refers_to(object->elf, &header, index, symbol) &&
            place_of_address(object->debug, applies.sh_addr + offset - object->bias, &file, &line))
            add_use(out, file, line);
}

static void find_wasm_uses(const struct object *object, const char *symbol, struct uses *out)
{
    const struct wasm_object *wasm = &object->wasm;
    const char *file;
    int line;
    for (size_t i = 0; i < wasm->use_count; i++) {
        const struct wasm_use *use = &wasm->uses[i];
        if (use->symbol < wasm->symbol_count && !wasm->symbols[use->symbol].is_defined &&
            strcmp(wasm->symbols[use->symbol].name, symbol) == 0 &&
            place_of_address(object->debug, use->address, &file, &line))
            add_use(out, file, line);
    }
}

size_t symbols_uses(const char *path, const char *symbol, struct symbol_use **out)
{
    struct object object;
    struct uses uses = { 0 };
    if (object_open(path, &object))
        find_wasm_uses(&object, symbol, &uses);
    for (Elf_Scn *section = NULL; object.elf != NULL && (section = elf_nextscn(object.elf, section)) != NULL;)
        find_uses(&object, section, symbol, &uses);
    object_close(&object);
    *out = uses.items;
    return uses.count;
}

bool symbols_use(const char *path, const char *symbol, const char **file, int *line)
{
    struct symbol_use *uses;
    if (symbols_uses(path, symbol, &uses) == 0)
        return false;
    *file = uses[0].file;
    *line = uses[0].line;
    return true;
}
