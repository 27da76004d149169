/* Ethernet addresses as text. */
#ifndef BASE_MAC_H
#define BASE_MAC_H

#include <stdbool.h>
#include <stdint.h>

#include <base/text/hex.h>

/*
 * Read an address such as "02:00:00:00:00:01", all of the text. False when it is not the address of one
 * station.
 */
static inline bool mac_parse(const char *text, uint8_t out[6])
{
    for (int i = 0; i < 6; i++, text += 3) {
        int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return (out[0] & 1) == 0;
}

#endif
