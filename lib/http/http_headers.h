/* http_headers.h: what may be put on the wire. */
#pragma once

#include "http/http_message.h"

/* Whether no name or value holds a control character, which could end the header and begin another,
 * and there are at most HTTP_HEADER_COUNT_MAX. */
bool http_headers_are_sendable(const struct http_header *headers, size_t count);
