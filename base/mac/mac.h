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

enum { MAC_TEXT_SIZE = sizeof "02:00:00:00:00:01" };

/* Write any address as text, with its digits in lower case. Returns `text`. */
static inline const char *mac_format(const uint8_t mac[6], char text[static MAC_TEXT_SIZE])
{
    for (int i = 0; i < 6; i++) {
        text[3 * i] = "0123456789abcdef"[mac[i] >> 4];
        text[3 * i + 1] = "0123456789abcdef"[mac[i] & 15];
        text[3 * i + 2] = i < 5 ? ':' : '\0';
    }
    return text;
}

#endif
