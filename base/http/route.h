/*
 * Routes: a table of methods and patterns, for the event of an HTTP server.
 *
 *     static const struct route routes[] = {
 *         { "GET", "/users/:id" },
 *         { "PUT", "/users/:id" },
 *         { "GET", "/static/" "*" },
 *     };
 *     struct route_match match;
 *     switch (route_find(routes, 3, http_request(exchange), &match)) …
 *
 * A pattern consists of segments with slashes between. A text stands for itself, ":name" for one
 * segment that isn't empty, and a last "*" for the rest of the path, which may be empty. The first
 * route that fits wins. Nothing is allocated. Parameters are views of the request's path.
 */
#ifndef BASE_HTTP_ROUTE_H
#define BASE_HTTP_ROUTE_H

#include <string.h>

#include <mirage/http.h>

#define ROUTE_PARAMS_MAX 8
/* Room for the names of the methods that a path allows. */
#define ROUTE_ALLOW_SIZE 128

struct route {
    const char *method; /* "GET" answers HEAD too; NULL: any method */
    const char *pattern;
};

enum route_result {
    ROUTE_FOUND,
    ROUTE_NOT_FOUND,          /* 404: no pattern fits */
    ROUTE_METHOD_NOT_ALLOWED, /* 405 with `allow`: patterns fit, but for other methods */
    ROUTE_OPTIONS,            /* 204 with `allow`: OPTIONS, and no route of its own fits */
};

struct route_match {
    size_t index; /* of the route, when found */
    size_t param_count;
    struct http_text params[ROUTE_PARAMS_MAX]; /* in the order of the pattern; "*" is the last */
    char
        allow[ROUTE_ALLOW_SIZE]; /* value of Allow (RFC 9110, section 10.2.1) when not found for the method */
};

/* Whether the path fits the pattern; if so, sets the parameters. More than ROUTE_PARAMS_MAX never fit. */
static inline bool route_fits(const char *pattern, const char *path, struct route_match *match)
{
    match->param_count = 0;
    for (;;) {
        bool wild = pattern[0] == '*' && pattern[1] == '\0', named = pattern[0] == ':';
        if (!wild && !named) {
            if (*pattern != *path)
                return false;
            if (*pattern == '\0')
                return true;
            /* A parameter can begin only at the beginning of a segment. */
            bool slash = *pattern == '/';
            pattern++, path++;
            while (!slash && *pattern != '\0' && *pattern != '/') {
                if (*pattern++ != *path++)
                    return false;
            }
            continue;
        }
        size_t len = wild ? strlen(path) : strcspn(path, "/");
        if (match->param_count == ROUTE_PARAMS_MAX || (named && len == 0))
            return false;
        match->params[match->param_count++] = (struct http_text){ path, len };
        if (wild)
            return true;
        path += len;
        pattern += strcspn(pattern, "/");
    }
}

static inline bool route_method_is(const char *method, struct http_text name)
{
    return strlen(method) == name.len && memcmp(method, name.data, name.len) == 0;
}

static inline bool route_answers(const struct route *route, const struct http_request *request)
{
    return route->method == NULL || route_method_is(route->method, request->method_name) ||
           (request->method == HTTP_HEAD && strcmp(route->method, "GET") == 0);
}

/* Add a method to a list that does not have it yet. A method for which there is no room is left out. */
static inline void route_allow(char allow[static ROUTE_ALLOW_SIZE], const char *method)
{
    size_t len = strlen(allow), n = strlen(method);
    for (const char *p = allow; (p = strstr(p, method)) != NULL; p += n)
        if ((p == allow || p[-1] == ' ') && (p[n] == '\0' || p[n] == ','))
            return;
    if (len + n + 3 > ROUTE_ALLOW_SIZE)
        return;
    if (len > 0) {
        memcpy(allow + len, ", ", 2);
        len += 2;
    }
    memcpy(allow + len, method, n + 1);
}

static inline enum route_result route_find(const struct route *routes, size_t count,
                                           const struct http_request *request, struct route_match *match)
{
    bool fits = false;
    match->allow[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (!route_fits(routes[i].pattern, request->path, match))
            continue;
        match->index = i;
        if (route_answers(&routes[i], request))
            return ROUTE_FOUND;
        fits = true;
        route_allow(match->allow, routes[i].method);
        if (strcmp(routes[i].method, "GET") == 0)
            route_allow(match->allow, "HEAD");
    }
    match->param_count = 0;
    if (!fits)
        return ROUTE_NOT_FOUND;
    route_allow(match->allow, "OPTIONS");
    return request->method == HTTP_OPTIONS ? ROUTE_OPTIONS : ROUTE_METHOD_NOT_ALLOWED;
}

#endif
