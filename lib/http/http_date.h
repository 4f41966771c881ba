/* http_date.h: the `date` header's value, made once a second. */
#pragma once

#include <stdint.h>

#include "base/text.h"

enum { HTTP_DATE_LENGTH = 29 }; /* "Tue, 03 Feb 2026 04:05:06 GMT" */

struct http_date {
    char text[HTTP_DATE_LENGTH + 1];
    int64_t due_ns;
};

/* now_ns: the loop's clock. Borrowed; changes every second (RFC 9110 section 5.6.7). */
struct text http_date_text(struct http_date *date, int64_t now_ns);
