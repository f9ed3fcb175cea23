/* like.h -- patterns with % and _, beside what function.h tells about them. */
#ifndef FUNC_LIKE_H
#define FUNC_LIKE_H
#include "func/function.h"

enum like_case {
    LIKE_CASE_EXACT,
    LIKE_CASE_ASCII,   /* a-z and A-Z are the same (sqlite_compat) */
    LIKE_CASE_UNICODE, /* characters of one simple lower case are the same (ILIKE) */
};

/* As like_compile. The pattern is copied. escape: a code point, -1: none. LLKV_DATA (22025) if the
 * escape character stands last or before something else than %, _ or itself. */
NODISCARD llkv_code like_new(struct cx *cx, struct slice pattern, int32_t escape,
                             enum like_case mode, int32_t at, struct like **out_like);
/* The code point of an ESCAPE text; LLKV_DATA (22019) if it is not one character. An empty text
 * means none. */
NODISCARD llkv_code like_escape(struct cx *cx, struct slice text, int32_t at, int32_t *out_escape);
#endif
