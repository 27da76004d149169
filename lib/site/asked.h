/* What a request asks of a representation. Pure functions over its fields. */
#ifndef SITE_ASKED_H
#define SITE_ASKED_H

#include <mirage/functor.h>
#include <base/http/date.h>

/* More ranges than this in a request are refused. */
#define SITE_RANGES_MAX 16
#define SITE_ETAG_SIZE (KV_ETAG_SIZE + 8)

struct site_range {
    uint64_t first, len;
};

enum site_verdict {
    SITE_PROCEED = 200,
    SITE_PARTIAL = 206,
    SITE_NOT_MODIFIED = 304,
    SITE_FAILED = 412,
    SITE_NO_RANGE = 416
};

/*
 * Evaluate If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since in their order of
 * precedence (RFC 9110, section 13.2.2). `etag` is strong or "", `modified` in seconds or 0;
 * `now` tells the century of old dates.
 */
INTERNAL enum site_verdict site_conditions(const struct http_request *request, const char *etag,
                                           int64_t modified, int64_t now);

/* Whether If-Range, if there is one, lets Range count (section 13.1.5). */
INTERNAL bool site_if_range(const struct http_request *request, const char *etag, int64_t modified,
                            int64_t now);

/*
 * The ranges of a GET (section 14.2): SITE_PROCEED when there are none or they are to be
 * ignored, SITE_PARTIAL with 1 to SITE_RANGES_MAX of them in `out`, SITE_NO_RANGE when none can be
 * satisfied or they are too many or overlap too much.
 */
INTERNAL enum site_verdict site_ranges(struct http_text value, uint64_t size,
                                       struct site_range out[static SITE_RANGES_MAX], size_t *count);

/*
 * Choose a coding by Accept-Encoding (section 12.5.3): false when neither the identity nor
 * gzip, if it is stored, is acceptable.
 */
INTERNAL bool site_coding(const struct http_request *request, bool has_gzip, enum kv_encoding *out);

#endif
