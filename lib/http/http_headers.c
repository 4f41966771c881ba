#include "http/http_headers.h"

static bool is_sendable(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

bool http_headers_are_sendable(const struct http_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (headers[i].name.length == 0 || !is_sendable(headers[i].name) ||
            !is_sendable(headers[i].value)) {
            return false;
        }
    }
    return count <= HTTP_HEADER_COUNT_MAX;
}
