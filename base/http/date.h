/* HTTP dates (RFC 9110, section 5.6.7). Pure functions over seconds since 1970. */
#ifndef BASE_HTTP_DATE_H
#define BASE_HTTP_DATE_H

#include <base/http/text.h>

/* "Sun, 06 Nov 1994 08:49:37 GMT" and its NUL. */
#define HTTP_DATE_SIZE 30

struct http_civil {
    int year, month, day; /* month and day from 1 */
};

/* Years begin in March here, so that the leap day is the last day of a year. */
static inline int64_t http_days(struct http_civil date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t month = (date.month + 9) % 12;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t days = of_era * 365 + of_era / 4 - of_era / 100 + (month * 153 + 2) / 5 + date.day - 1;
    return era * 146097 + days - 719468;
}

static inline struct http_civil http_civil(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day = days - era * 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= year * 365 + year / 4 - year / 100;
    int64_t month = (day * 5 + 2) / 153;
    struct http_civil out = { (int)(year + era * 400), (int)(month + 3),
                              (int)(day - (month * 153 + 2) / 5 + 1) };
    if (out.month > 12)
        out.month -= 12, out.year++;
    return out;
}

static inline char *http_put_digits(char *out, int n, int digits)
{
    for (int i = digits - 1; i >= 0; i--, n /= 10)
        out[i] = (char)('0' + n % 10);
    return out + digits;
}

#define HTTP_DAY_NAMES "SunMonTueWedThuFriSat"
#define HTTP_MONTH_NAMES "JanFebMarAprMayJunJulAugSepOctNovDec"

/* The preferred format, in years 1 to 9999; `out` has HTTP_DATE_SIZE bytes. */
static inline void http_date_format(char *out, int64_t seconds)
{
    int64_t days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0)
        rest += 86400, days--;
    struct http_civil date = http_civil(days);
    int64_t weekday = ((days + 4) % 7 + 7) % 7;
    memcpy(out, &HTTP_DAY_NAMES[weekday * 3], 3);
    memcpy(out + 3, ", ", 2);
    out = http_put_digits(out + 5, date.day, 2);
    *out++ = ' ';
    memcpy(out, &HTTP_MONTH_NAMES[(date.month - 1) * 3], 3);
    out[3] = ' ';
    out = http_put_digits(out + 4, date.year, 4);
    *out++ = ' ';
    out = http_put_digits(out, (int)(rest / 3600), 2);
    *out++ = ':';
    out = http_put_digits(out, (int)(rest / 60 % 60), 2);
    *out++ = ':';
    out = http_put_digits(out, (int)(rest % 60), 2);
    memcpy(out, " GMT", 5);
}

/*
 * Match text against a pattern. Y is the year, D the day, h m s the time, and each letter stands for one
 * digit. N is a month's name, W a weekday's name of three letters, and _ a space or a digit of the day. Any
 * other character stands for itself.
 */
static inline bool http_date_match(struct http_text text, const char *pattern, int fields[static 6])
{
    static const char letters[] = "YNDhms"; /* in the order of `fields` */
    size_t i = 0;
    for (; *pattern; pattern++) {
        const char *letter = strchr(letters, *pattern);
        if (i >= text.len)
            return false;
        char c = text.data[i];
        if ((letter != NULL && *pattern != 'N') || (*pattern == '_' && c != ' ')) {
            if (c < '0' || c > '9')
                return false;
            int *field = &fields[letter ? letter - letters : 2];
            *field = *field * 10 + (c - '0');
            i++;
        } else if (*pattern == 'N' || *pattern == 'W') {
            const char *names = *pattern == 'N' ? HTTP_MONTH_NAMES : HTTP_DAY_NAMES;
            int at = 0;
            if (text.len - i < 3)
                return false;
            while (names[at] != '\0' && memcmp(names + at, text.data + i, 3) != 0)
                at += 3;
            if (names[at] == '\0')
                return false;
            if (*pattern == 'N')
                fields[1] = at / 3 + 1;
            i += 3;
        } else {
            if (*pattern != '_' && c != *pattern)
                return false;
            i++;
        }
    }
    return i == text.len;
}

/*
 * Read a date in any of the three formats. A year of two digits is read as the one nearest to `now` (seconds)
 * that is at most 50 years ahead. False when the text is not a date.
 */
static inline bool http_date_parse(struct http_text text, int64_t now, int64_t *seconds)
{
    static const char *const patterns[] = {
        "W, DD N YYYY hh:mm:ss GMT", /* IMF-fixdate */
        "W N _D hh:mm:ss YYYY",      /* asctime */
        "DD-N-YY hh:mm:ss GMT",      /* RFC 850, behind its weekday in full */
    };
    static const char *const weekdays[] = { "Sunday, ",   "Monday, ", "Tuesday, ", "Wednesday, ",
                                            "Thursday, ", "Friday, ", "Saturday, " };
    int f[6];
    size_t kind;
    for (kind = 0; kind < 3; kind++) {
        struct http_text rest = text;
        for (size_t i = 0; kind == 2 && i < 7; i++) {
            size_t len = strlen(weekdays[i]);
            if (text.len > len && memcmp(text.data, weekdays[i], len) == 0)
                rest = (struct http_text){ text.data + len, text.len - len };
        }
        memset(f, 0, sizeof f);
        if ((kind < 2 || rest.data != text.data) && http_date_match(rest, patterns[kind], f))
            break;
    }
    if (kind == 3)
        return false;
    if (kind == 2) {
        int this_year = http_civil(now / 86400).year;
        f[0] += this_year - this_year % 100;
        if (f[0] > this_year + 50)
            f[0] -= 100;
    }
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = f[0] % 4 == 0 && (f[0] % 100 != 0 || f[0] % 400 == 0);
    if (f[2] < 1 || f[2] > lengths[f[1] - 1] + (f[1] == 2 && leap) || f[3] > 23 || f[4] > 59 || f[5] > 60)
        return false;
    *seconds = http_days((struct http_civil){ f[0], f[1], f[2] }) * 86400 + f[3] * 3600 + f[4] * 60 + f[5];
    return true;
}

#endif
