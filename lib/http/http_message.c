#include "http/http_message.h"

struct reason {
    int status;
    const char *words;
};

/* RFC 9110 section 15, RFC 6585. */
static const struct reason reasons[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

struct text http_header_find(const struct http_header *headers, size_t count, struct text name)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(headers[i].name, name)) {
            return headers[i].value;
        }
    }
    return (struct text){NULL, 0};
}

const char *http_reason(int status)
{
    for (size_t i = 0; i < ARRAY_LENGTH(reasons); i++) {
        if (reasons[i].status == status) {
            return reasons[i].words;
        }
    }
    return "";
}

static enum status malformed(struct call *call, struct text address)
{
    return call_fail(call, STATUS_INVALID_ARGUMENT,
                     "'%.*s' is not an address of the form host:port", TEXT_ARGUMENTS(address));
}

enum status http_address_split(struct call *call, struct text address, struct text *ret_host,
                               uint16_t *ret_port)
{
    struct text host;
    size_t colon;

    if (address.length > 0 && address.data[0] == '[') {
        size_t bracket = text_find(address, 1, ']');
        host = text_slice(address, 1, bracket);
        colon = bracket + 1;
    } else {
        colon = text_find(address, 0, ':');
        host = text_slice(address, 0, colon);
    }
    if (colon >= address.length || address.data[colon] != ':' || host.length == 0 ||
        host.length >= HTTP_ADDRESS_BYTES_MAX - 8) {
        return malformed(call, address);
    }

    uint64_t port;
    if (!text_to_u64(text_slice(address, colon + 1, address.length), &port) || port > UINT16_MAX) {
        return malformed(call, address);
    }
    *ret_host = host;
    *ret_port = (uint16_t)port;
    return STATUS_OK;
}
