/*
 * The chunked transfer coding (RFC 9112, section 7.1) in both directions, over bytes that may
 * be cut anywhere. It is strict: every line ends in CR LF, sizes have at most 15 digits, and
 * accepted input can be read in one way only. Extensions are skipped. Trailers are checked and
 * dropped. A limit bounds both together for the whole content. Who reads a reply also takes spaces
 * behind a size, to which some servers pad it.
 */
#ifndef BASE_HTTP_CHUNKED_H
#define BASE_HTTP_CHUNKED_H

#include <base/http/text.h>
#include <base/text/hex.h>
#include <mirage/buf.h>

#define HTTP_CHUNK_DIGITS_MAX 15
/* The most bytes of extensions and trailers in one message. */
#define HTTP_CHUNK_EXTRA_MAX 8192

enum http_chunk_state {
    HTTP_CHUNK_SIZE = 0,
    HTTP_CHUNK_SIZE_SPACE,
    HTTP_CHUNK_EXTENSION,
    HTTP_CHUNK_SIZE_LF,
    HTTP_CHUNK_DATA,
    HTTP_CHUNK_DATA_CR,
    HTTP_CHUNK_DATA_LF,
    HTTP_CHUNK_TRAILER,
    HTTP_CHUNK_TRAILER_NAME,
    HTTP_CHUNK_TRAILER_VALUE,
    HTTP_CHUNK_TRAILER_LF,
    HTTP_CHUNK_END_LF,
    HTTP_CHUNK_ENDED,
};

/* The decoder. Zeroed memory is the beginning. */
struct http_chunked {
    uint64_t left; /* bytes of the chunk's data still to come */
    uint32_t extra;
    uint8_t digits;
    enum http_chunk_state state : 8;
    bool padded; /* set at the beginning: spaces may stand between a size and the end of its line */
};

enum http_chunk_result {
    HTTP_CHUNK_MORE, /* all input was used, more is needed */
    HTTP_CHUNK_RUN,  /* a run of content was found */
    HTTP_CHUNK_DONE, /* the content has ended; `skip` bytes were used */
    HTTP_CHUNK_BAD,  /* it isn't chunked coding */
};

/* Read one byte of framing. False when it may not stand there. */
static inline bool http_chunk_framing(struct http_chunked *c, char byte)
{
    switch (c->state) {
    case HTTP_CHUNK_SIZE: {
        int digit = hex_digit(byte);
        if (digit >= 0) {
            c->left = c->left * 16 + (unsigned)digit;
            return ++c->digits <= HTTP_CHUNK_DIGITS_MAX;
        }
        if (c->digits == 0)
            return false;
        if (byte == ' ' || byte == '\t')
            c->state = HTTP_CHUNK_SIZE_SPACE;
        else if (byte == ';')
            c->state = HTTP_CHUNK_EXTENSION;
        else if (byte == '\r')
            c->state = HTTP_CHUNK_SIZE_LF;
        else
            return false;
        return true;
    }
    case HTTP_CHUNK_SIZE_SPACE:
        /* Bad whitespace is tolerated before an extension, and before the line's end only in a reply. */
        if (byte == ';')
            c->state = HTTP_CHUNK_EXTENSION;
        else if (byte == '\r' && c->padded)
            c->state = HTTP_CHUNK_SIZE_LF;
        else if (byte != ' ' && byte != '\t')
            return false;
        return ++c->extra <= HTTP_CHUNK_EXTRA_MAX;
    case HTTP_CHUNK_EXTENSION:
        if (byte == '\r')
            c->state = HTTP_CHUNK_SIZE_LF;
        else if (!http_is(byte, HTTP_VALUE))
            return false;
        return ++c->extra <= HTTP_CHUNK_EXTRA_MAX;
    case HTTP_CHUNK_SIZE_LF:
        c->state = c->left > 0 ? HTTP_CHUNK_DATA : HTTP_CHUNK_TRAILER;
        return byte == '\n';
    case HTTP_CHUNK_DATA_CR: c->state = HTTP_CHUNK_DATA_LF; return byte == '\r';
    case HTTP_CHUNK_DATA_LF:
        c->state = HTTP_CHUNK_SIZE;
        c->digits = 0;
        return byte == '\n';
    case HTTP_CHUNK_TRAILER:
        if (byte == '\r')
            c->state = HTTP_CHUNK_END_LF;
        else if (http_is(byte, HTTP_TCHAR))
            c->state = HTTP_CHUNK_TRAILER_NAME;
        else
            return false;
        return ++c->extra <= HTTP_CHUNK_EXTRA_MAX;
    case HTTP_CHUNK_TRAILER_NAME:
        if (byte == ':')
            c->state = HTTP_CHUNK_TRAILER_VALUE;
        else if (!http_is(byte, HTTP_TCHAR))
            return false;
        return ++c->extra <= HTTP_CHUNK_EXTRA_MAX;
    case HTTP_CHUNK_TRAILER_VALUE:
        if (byte == '\r')
            c->state = HTTP_CHUNK_TRAILER_LF;
        else if (!http_is(byte, HTTP_VALUE))
            return false;
        return ++c->extra <= HTTP_CHUNK_EXTRA_MAX;
    case HTTP_CHUNK_TRAILER_LF: c->state = HTTP_CHUNK_TRAILER; return byte == '\n';
    case HTTP_CHUNK_END_LF: c->state = HTTP_CHUNK_ENDED; return byte == '\n';
    case HTTP_CHUNK_DATA:
    case HTTP_CHUNK_ENDED: break;
    }
    return false;
}

/*
 * Read on in `data`: `*skip` bytes of framing, then with HTTP_CHUNK_RUN `*run` bytes of content. The next
 * call begins behind both. After HTTP_CHUNK_BAD the decoder can't be used any more.
 */
static inline enum http_chunk_result http_chunk_next(struct http_chunked *c, const char *data, size_t len,
                                                     size_t *skip, size_t *run)
{
    size_t i = 0;
    *run = 0;
    for (;;) {
        *skip = i;
        if (c->state == HTTP_CHUNK_ENDED)
            return HTTP_CHUNK_DONE;
        if (i == len)
            return HTTP_CHUNK_MORE;
        if (c->state == HTTP_CHUNK_DATA) {
            *run = len - i < c->left ? len - i : (size_t)c->left;
            c->left -= *run;
            if (c->left == 0)
                c->state = HTTP_CHUNK_DATA_CR;
            return HTTP_CHUNK_RUN;
        }
        if (!http_chunk_framing(c, data[i++]))
            return HTTP_CHUNK_BAD;
    }
}

/* Room for http_chunk_head: the end of the previous chunk, a size of 16 digits, its line end. */
#define HTTP_CHUNK_HEAD_SIZE 20

/*
 * Write the framing before a chunk of `len` bytes, which is the `first` or follows another. Returns its
 * length.
 */
static inline size_t http_chunk_head(char *out, uint64_t len, bool first)
{
    char *p = out;
    int shift = 60;
    if (!first)
        *p++ = '\r', *p++ = '\n';
    while (shift > 0 && len >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *p++ = "0123456789abcdef"[len >> shift & 15];
    *p++ = '\r', *p++ = '\n';
    return (size_t)(p - out);
}

/*
 * Put the framing before the bytes of a chunk, of which there is at least one; takes `data`. `*first` says
 * whether no chunk came before, and becomes false. NULL: no memory.
 */
static inline struct buf *http_chunk(struct buf *data, bool *first)
{
    char line[HTTP_CHUNK_HEAD_SIZE];
    size_t n = http_chunk_head(line, buf_len(data), *first);
    data = buf_prepend(data, n);
    if (data != NULL) {
        memcpy(data->data, line, n);
        *first = false;
    }
    return data;
}

#endif
