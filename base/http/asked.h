/* What a request asks for in its fields: conditions, ranges, codings. Pure functions. */
#ifndef BASE_HTTP_ASKED_H
#define BASE_HTTP_ASKED_H

#include <mirage/kv.h>

#include <base/http/date.h>

/* More ranges than this in a request are refused. */
#define HTTP_RANGES_MAX 16
#define SITE_ETAG_SIZE (KV_ETAG_SIZE + 8)

struct http_range {
    uint64_t first, len;
};

enum http_verdict {
    HTTP_PROCEED = 200,
    HTTP_PARTIAL = 206,
    HTTP_NOT_MODIFIED = 304,
    HTTP_FAILED = 412,
    HTTP_NO_RANGE = 416
};

/*
 * Evaluate If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in their order of precedence
 * (RFC 9110, section 13.2.2). `etag` is strong or "". `modified` is in seconds or 0. `now` tells the century
 * of old dates.
 */
enum http_verdict http_conditions(const struct http_request *request, const char *etag, int64_t modified,
                                  int64_t now);

/* Whether Range counts: there is no If-Range, or it allows it (section 13.1.5). */
bool http_if_range(const struct http_request *request, const char *etag, int64_t modified, int64_t now);

/*
 * The ranges of a GET (section 14.2). Returns HTTP_PROCEED when there are none or they are to be ignored,
 * HTTP_PARTIAL with 1 to HTTP_RANGES_MAX of them in `out`, and HTTP_NO_RANGE when none can be satisfied, or
 * when they are too many or overlap too much.
 */
enum http_verdict http_ranges(struct http_text value, uint64_t size,
                              struct http_range out[static HTTP_RANGES_MAX], size_t *count);

/*
 * Choose a coding by Accept-Encoding (section 12.5.3). Returns false when neither the identity nor gzip, if
 * it is stored, is acceptable.
 */
bool http_coding(const struct http_request *request, bool has_gzip, enum kv_encoding *out);

#endif
