#include <base/dns/host_name.h>

#include <string.h>

enum { LABEL_MAX = 63 };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number, in decimal or in hexadecimal. */
static bool is_number(const char *label, size_t len)
{
    if (len >= 2 && label[0] == '0' && (label[1] | 0x20) == 'x')
        return strspn(label + 2, "0123456789abcdefABCDEF") >= len - 2;
    return strspn(label, "0123456789") >= len;
}

bool host_name_valid(const char *name)
{
    size_t len = strlen(name), label = 0;

    if (len > 0 && name[len - 1] == '.')
        len--;
    if (len == 0 || len > HOST_NAME_TEXT_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (c == '.') {
            if (label == 0 || name[i - 1] == '-')
                return false;
            label = 0;
            continue;
        }
        if (!is_letter(c) && !is_digit(c) && c != '_' && (c != '-' || label == 0))
            return false;
        if (++label > LABEL_MAX)
            return false;
    }
    return label > 0 && name[len - 1] != '-' && !is_number(name + len - label, label);
}
