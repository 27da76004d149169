/* Hexadecimal digits. */
#ifndef BASE_TEXT_HEX_H
#define BASE_TEXT_HEX_H

/* The value of the digit, or -1 for another character. */
static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
