#include "composition/wasm.h"

#include <elf.h>
#include <string.h>

#include "base/keep.h"

/*
 * Numbers of the format. They are defined in https://webassembly.github.io/spec/core/binary/ and, for
 * objects, in Linking.md of WebAssembly/tool-conventions.
 */
enum { SECTION_CUSTOM = 0, SECTION_IMPORT = 2, SECTION_CODE = 10 };
enum { IMPORT_FUNCTION, IMPORT_TABLE, IMPORT_MEMORY, IMPORT_GLOBAL, IMPORT_TAG, IMPORT_KINDS };
enum { SYMBOL_FUNCTION, SYMBOL_DATA, SYMBOL_GLOBAL, SYMBOL_SECTION, SYMBOL_TAG, SYMBOL_TABLE, SYMBOL_KINDS };
enum { FLAG_LOCAL = 0x02, FLAG_UNDEFINED = 0x10, FLAG_NAMED = 0x40 };
enum { LINKING_VERSION = 2, LINKING_SYMBOLS = 8, RELOCATION_TYPE_INDEX = 6, RELOCATION_MOST = 26 };
enum { DEBUG_SECTIONS = 24 };

/* The set of relocation types that have an addend. */
#define HAS_ADDEND                                                                                 \
    (1u << 3 | 1u << 4 | 1u << 5 | 1u << 8 | 1u << 9 | 1u << 11 | 1u << 14 | 1u << 15 | 1u << 16 | \
     1u << 17 | 1u << 21 | 1u << 22 | 1u << 23 | 1u << 25)

/*
 * The unread rest of a part of the file. Reading past its end marks it as bad and empties it, and then
 * everything that is read is 0.
 */
struct part {
    const uint8_t *at, *end;
    bool bad;
};

struct names {
    size_t count;
    const char **items;
};

struct reading {
    struct wasm_object *out;
    struct names imports[IMPORT_KINDS];
    uint32_t code; /* the index of the code section */
    size_t debug_count;
    struct {
        const char *name;
        struct part content;
    } debug[DEBUG_SECTIONS];
};

static size_t left(const struct part *p)
{
    return (size_t)(p->end - p->at);
}

static void spoil(struct part *p)
{
    p->bad = true;
    p->at = p->end;
}

static uint8_t byte(struct part *p)
{
    if (left(p) == 0) {
        spoil(p);
        return 0;
    }
    return *p->at++;
}

/*
 * Read a LEB128 number: seven bits a byte, the lowest first. Bits beyond 64, as negative numbers may have,
 * are dropped.
 */
static uint64_t number(struct part *p)
{
    uint64_t value = 0;
    uint8_t b;
    unsigned shift = 0;
    do {
        b = byte(p);
        if (shift < 64)
            value |= (uint64_t)(b & 0x7f) << shift;
        shift += 7;
    } while (b & 0x80);
    return value;
}

static uint32_t index_of(struct part *p)
{
    uint64_t value = number(p);
    if (value > UINT32_MAX)
        spoil(p);
    return p->bad ? 0 : (uint32_t)value;
}

static struct part bytes(struct part *p, uint64_t size)
{
    struct part piece = { p->at, p->at, false };
    if (size > left(p)) {
        spoil(p);
        return piece;
    }
    p->at += size;
    piece.end = p->at;
    return piece;
}

static const char *name(struct part *p)
{
    struct part text = bytes(p, number(p));
    return keep_bytes((const char *)text.at, left(&text));
}

/*
 * Read how many entries follow. Each entry takes at least one byte, so a count that exceeds the remaining
 * bytes is refused before memory is allocated for it.
 */
static size_t count(struct part *p)
{
    uint64_t n = number(p);
    if (n > left(p))
        spoil(p);
    return p->bad ? 0 : (size_t)n;
}

static void limits(struct part *p)
{
    bool has_most = byte(p) & 1;
    number(p);
    if (has_most)
        number(p);
}

static void read_imports(struct part *p, struct reading *r)
{
    size_t n = count(p);
    for (int kind = 0; kind < IMPORT_KINDS; kind++)
        r->imports[kind] = (struct names){ 0, keep((n + 1) * sizeof(const char *)) };
    for (size_t i = 0; i < n && !p->bad; i++) {
        name(p);
        const char *field = name(p);
        uint8_t kind = byte(p);
        switch (kind) {
        case IMPORT_FUNCTION: index_of(p); break;
        case IMPORT_TABLE:
            byte(p);
            limits(p);
            break;
        case IMPORT_MEMORY: limits(p); break;
        case IMPORT_GLOBAL: bytes(p, 2); break;
        case IMPORT_TAG:
            byte(p);
            index_of(p);
            break;
        default: spoil(p); return;
        }
        r->imports[kind].items[r->imports[kind].count++] = field;
    }
}

/* A symbol of an import has the import's name, unless it has one of its own. */
static const char *import_name(const struct reading *r, int kind, uint32_t index)
{
    static const int kinds[SYMBOL_KINDS] = {
        [SYMBOL_FUNCTION] = IMPORT_FUNCTION,
        [SYMBOL_GLOBAL] = IMPORT_GLOBAL,
        [SYMBOL_TAG] = IMPORT_TAG,
        [SYMBOL_TABLE] = IMPORT_TABLE,
    };
    const struct names *names = &r->imports[kinds[kind]];
    return index < names->count ? names->items[index] : "";
}

static void read_symbol(struct part *p, struct reading *r, struct wasm_symbol *out)
{
    uint8_t kind = byte(p);
    uint64_t flags = number(p);
    bool defined = !(flags & FLAG_UNDEFINED);
    *out = (struct wasm_symbol){ "", defined, !(flags & FLAG_LOCAL) && kind != SYMBOL_SECTION };
    switch (kind) {
    case SYMBOL_DATA:
        out->name = name(p);
        for (int i = 0; defined && i < 3; i++) /* the symbol's segment, offset and size */
            number(p);
        break;
    case SYMBOL_SECTION: index_of(p); break;
    case SYMBOL_FUNCTION:
    case SYMBOL_GLOBAL:
    case SYMBOL_TAG:
    case SYMBOL_TABLE: {
        uint32_t index = index_of(p);
        out->name = defined || flags & FLAG_NAMED ? name(p) : import_name(r, kind, index);
        break;
    }
    default: spoil(p);
    }
}

static void read_linking(struct part *p, struct reading *r)
{
    if (number(p) != LINKING_VERSION)
        spoil(p);
    r->out->is_object = true;
    while (left(p) > 0) {
        uint8_t kind = byte(p);
        struct part table = bytes(p, number(p));
        if (kind != LINKING_SYMBOLS)
            continue;
        size_t n = count(&table);
        r->out->symbols = keep((n + 1) * sizeof *r->out->symbols);
        r->out->symbol_count = n;
        for (size_t i = 0; i < n; i++)
            read_symbol(&table, r, &r->out->symbols[i]);
        p->bad |= table.bad;
    }
}

/* Read the places where the code refers to symbols. */
static void read_relocations(struct part *p, struct reading *r)
{
    if (index_of(p) != r->code)
        return;
    size_t n = count(p);
    r->out->uses = keep((n + 1) * sizeof *r->out->uses);
    for (size_t i = 0; i < n && !p->bad; i++) {
        uint8_t kind = byte(p);
        struct wasm_use use = { .address = index_of(p) };
        use.symbol = index_of(p);
        if (kind > RELOCATION_MOST)
            spoil(p);
        else if (HAS_ADDEND & 1u << kind)
            number(p);
        if (!p->bad && kind != RELOCATION_TYPE_INDEX)
            r->out->uses[r->out->use_count++] = use;
    }
}

static void read_custom(struct part *p, struct reading *r)
{
    const char *title = name(p);
    if (strcmp(title, "linking") == 0) {
        read_linking(p, r);
    } else if (strncmp(title, "reloc.", 6) == 0) {
        read_relocations(p, r);
    } else if (strncmp(title, ".debug_", 7) == 0 && r->debug_count < DEBUG_SECTIONS) {
        r->debug[r->debug_count].name = title;
        r->debug[r->debug_count++].content = *p;
    }
}

/*
 * The references within the debug information already have the values for a program that consists of this
 * object alone.
 */
static void make_debug(struct reading *r)
{
    size_t n = r->debug_count, size = sizeof(Elf32_Ehdr) + (n + 2) * sizeof(Elf32_Shdr);
    size_t texts = size, room;
    if (n == 0)
        return;
    size += 1 + sizeof ".shstrtab";
    for (size_t i = 0; i < n; i++)
        size += strlen(r->debug[i].name) + 1;
    size_t at = size;
    for (size_t i = 0; i < n; i++)
        size += left(&r->debug[i].content);
    char *image = keep(size);
    Elf32_Ehdr header = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
        .e_type = ET_EXEC,
        .e_machine = EM_NONE,
        .e_version = EV_CURRENT,
        .e_shoff = sizeof header,
        .e_ehsize = sizeof header,
        .e_shentsize = sizeof(Elf32_Shdr),
        .e_shnum = (Elf32_Half)(n + 2),
        .e_shstrndx = (Elf32_Half)(n + 1),
    };
    Elf32_Shdr sections[DEBUG_SECTIONS + 2] = { 0 };
    room = 1;
    for (size_t i = 0; i < n; i++) {
        size_t len = left(&r->debug[i].content);
        sections[i + 1] = (Elf32_Shdr){ .sh_name = (Elf32_Word)room,
                                        .sh_type = SHT_PROGBITS,
                                        .sh_offset = (Elf32_Off)at,
                                        .sh_size = (Elf32_Word)len,
                                        .sh_addralign = 1 };
        memcpy(image + texts + room, r->debug[i].name, strlen(r->debug[i].name));
        memcpy(image + at, r->debug[i].content.at, len);
        room += strlen(r->debug[i].name) + 1;
        at += len;
    }
    memcpy(image + texts + room, ".shstrtab", sizeof ".shstrtab");
    sections[n + 1] = (Elf32_Shdr){ .sh_name = (Elf32_Word)room,
                                    .sh_type = SHT_STRTAB,
                                    .sh_offset = (Elf32_Off)texts,
                                    .sh_size = (Elf32_Word)(room + sizeof ".shstrtab"),
                                    .sh_addralign = 1 };
    memcpy(image, &header, sizeof header);
    memcpy(image + sizeof header, sections, (n + 2) * sizeof *sections);
    r->out->debug = image;
    r->out->debug_size = size;
}

bool wasm_is(const void *data, size_t size)
{
    return size >= 8 && memcmp(data, "\0asm\1\0\0\0", 8) == 0;
}

bool wasm_read(const void *data, size_t size, struct wasm_object *out)
{
    struct reading r = { .out = out, .code = UINT32_MAX };
    struct part file = { data, (const uint8_t *)data + size, false };
    *out = (struct wasm_object){ 0 };
    if (!wasm_is(data, size))
        return false;
    file.at += 8;
    for (uint32_t i = 0; left(&file) > 0; i++) {
        uint8_t kind = byte(&file);
        struct part section = bytes(&file, number(&file));
        if (kind == SECTION_CODE)
            r.code = i;
        else if (kind == SECTION_IMPORT)
            read_imports(&section, &r);
        else if (kind == SECTION_CUSTOM)
            read_custom(&section, &r);
        if (section.bad || file.bad)
            return false;
    }
    make_debug(&r);
    return out->is_object;
}
