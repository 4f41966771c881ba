#include "http/http1_parser.h"

static enum http1_result refuse(struct http1_refusal *refusal, int status, const char *reason)
{
    *refusal = (struct http1_refusal){status, reason};
    return HTTP1_REFUSED;
}

/* RFC 9110 section 5.6.2. */
static bool is_token_byte(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') ||
           (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static bool is_token(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!is_token_byte((unsigned char)text.data[i])) {
            return false;
        }
    }
    return text.length > 0;
}

/* A line is over at `end` (its LF). DONE: it was the empty one. */
static enum http1_result end_line(struct http1_scan *scan, size_t end)
{
    bool is_empty = end == scan->line + 1;
    scan->line = end + 1;
    if (scan->headers == 0) {
        /* One empty line before the request is let pass (RFC 9112 section 2.2). */
        if (!is_empty || end > 1) {
            scan->headers = end + 1;
        }
        return HTTP1_MORE;
    }
    return is_empty ? HTTP1_DONE : HTTP1_MORE;
}

static enum http1_result check_limits(const struct http1_scan *scan,
                                      struct http1_refusal *ret_refusal)
{
    if (scan->headers != 0) {
        if (scan->offset - scan->headers > HTTP_HEADER_LIST_BYTES_MAX) {
            return refuse(ret_refusal, 431, "the request's headers are too large");
        }
    } else if (scan->target != 0) {
        size_t version = sizeof(" HTTP/1.1\r\n") - 1;
        if (scan->offset - scan->target > HTTP_TARGET_BYTES_MAX + version) {
            return refuse(ret_refusal, 414, "the address is too long");
        }
    } else if (scan->offset - scan->line > HTTP1_METHOD_BYTES_MAX + 1) {
        return refuse(ret_refusal, 400, "the method is too long");
    }
    return HTTP1_MORE;
}

enum http1_result http1_scan(struct http1_scan *scan, struct text bytes, size_t *ret_length,
                             struct http1_refusal *ret_refusal)
{
    while (scan->offset < bytes.length) {
        size_t at = scan->offset++;
        unsigned char byte = (unsigned char)bytes.data[at];
        if (scan->after_return != (byte == '\n')) {
            return refuse(ret_refusal, 400, "a line does not end in CR LF");
        }
        scan->after_return = byte == '\r';
        if (byte == '\n') {
            if (end_line(scan, at) == HTTP1_DONE) {
                *ret_length = scan->offset;
                return HTTP1_DONE;
            }
        } else if ((byte < 0x20 && byte != '\r' && byte != '\t') || byte == 0x7f) {
            return refuse(ret_refusal, 400, "a control character in the request's head");
        } else if (byte == ' ' && scan->headers == 0 && scan->target == 0) {
            scan->target = at + 1;
        }
        if (check_limits(scan, ret_refusal) == HTTP1_REFUSED) {
            return HTTP1_REFUSED;
        }
    }
    return HTTP1_MORE;
}

static enum http1_result parse_version(struct text version, struct http1_head *head,
                                       struct http1_refusal *refusal)
{
    if (text_equal(version, TEXT("HTTP/1.1"))) {
        head->minor_version = 1;
    } else if (text_equal(version, TEXT("HTTP/1.0"))) {
        head->minor_version = 0;
    } else if (version.length == 8 && text_starts_with(version, TEXT("HTTP/"))) {
        return refuse(refusal, 505, "this version of HTTP is not spoken here");
    } else if (!text_equal_ignoring_case(text_slice(version, 0, 5), TEXT("HTTP/"))) {
        return HTTP1_FOREIGN;
    } else {
        return refuse(refusal, 400, "the request line is malformed");
    }
    return HTTP1_DONE;
}

static bool is_target_byte(unsigned char byte)
{
    return byte > 0x20 && byte < 0x7f && byte != '#';
}

/* Splits "http://host/path"; false: it is not of that form. */
static bool parse_absolute_form(struct http1_head *head)
{
    static const struct text schemes[] = {TEXT_INIT("http://"), TEXT_INIT("https://")};
    for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++) {
        struct text scheme = text_slice(head->target, 0, schemes[i].length);
        if (!text_equal_ignoring_case(scheme, schemes[i])) {
            continue;
        }
        struct text rest = text_slice(head->target, scheme.length, head->target.length);
        size_t end = 0;
        while (end < rest.length && rest.data[end] != '/' && rest.data[end] != '?') {
            end++;
        }
        head->authority = text_slice(rest, 0, end);
        if (end == rest.length) {
            head->target = TEXT("/");
        } else if (rest.data[end] == '?') {
            return false; /* a query without path: nobody sends it */
        } else {
            head->target = text_slice(rest, end, rest.length);
        }
        return head->authority.length > 0;
    }
    return false;
}

static enum http1_result check_target(struct http1_head *head, struct http1_refusal *refusal)
{
    struct text target = head->target;
    for (size_t i = 0; i < target.length; i++) {
        if (!is_target_byte((unsigned char)target.data[i])) {
            return refuse(refusal, 400, "the address holds a character that it must not");
        }
    }
    if (target.length > HTTP_TARGET_BYTES_MAX) {
        return refuse(refusal, 414, "the address is too long");
    }
    if (text_equal(head->method, TEXT("CONNECT"))) {
        return refuse(refusal, 501, "CONNECT is not served");
    }
    bool is_asterisk = text_equal(target, TEXT("*")) && text_equal(head->method, TEXT("OPTIONS"));
    if (!is_asterisk && !text_starts_with(target, TEXT("/")) && !parse_absolute_form(head)) {
        return refuse(refusal, 400, "the address is malformed");
    }
    return HTTP1_DONE;
}

static enum http1_result parse_request_line(struct text line, struct http1_head *head,
                                            struct http1_refusal *refusal)
{
    size_t first = text_find(line, 0, ' ');
    size_t second = text_find(line, first + 1, ' ');
    if (first >= line.length || second >= line.length) {
        return refuse(refusal, 400, "the request line is malformed");
    }
    head->method = text_slice(line, 0, first);
    head->target = text_slice(line, first + 1, second);
    if (!is_token(head->method) || head->target.length == 0) {
        return refuse(refusal, 400, "the request line is malformed");
    }
    struct text version = text_slice(line, second + 1, line.length);
    enum http1_result result = parse_version(version, head, refusal);
    return result == HTTP1_DONE ? check_target(head, refusal) : result;
}

static void make_lower_case(char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (name[i] >= 'A' && name[i] <= 'Z') {
            name[i] = (char)(name[i] | 0x20);
        }
    }
}

/* line: within the writable head. */
static enum http1_result parse_header(char *line, size_t length, struct http1_head *head,
                                      struct http1_refusal *refusal)
{
    struct text whole = {line, length};
    size_t colon = text_find(whole, 0, ':');
    if (colon >= length || !is_token(text_slice(whole, 0, colon))) {
        return refuse(refusal, 400, "a header is malformed"); /* also folded lines */
    }
    if (head->header_count == HTTP_HEADER_COUNT_MAX) {
        return refuse(refusal, 431, "the request has too many headers");
    }
    make_lower_case(line, colon);
    head->headers[head->header_count++] = (struct http_header){
        .name = text_slice(whole, 0, colon),
        .value = text_trim(text_slice(whole, colon + 1, length)),
    };
    return HTTP1_DONE;
}

/* What the headers that rule the message itself have said so far. */
struct framing {
    struct http1_head *head;
    struct http1_refusal *refusal;
    size_t list_bytes;
    bool has_host;
    bool has_length;
    bool has_coding;
    bool says_close;
    bool says_keep_alive;
};

static enum http1_result note_host(struct framing *framing, struct text value)
{
    if (framing->has_host) {
        return refuse(framing->refusal, 400, "more than one Host");
    }
    for (size_t i = 0; i < value.length; i++) {
        unsigned char byte = (unsigned char)value.data[i];
        if (byte <= 0x20 || byte >= 0x7f || strchr("/?#@\\\"<>,", byte) != NULL) {
            return refuse(framing->refusal, 400, "Host is malformed");
        }
    }
    framing->has_host = true;
    if (framing->head->authority.length == 0) {
        framing->head->authority = value;
    }
    return HTTP1_DONE;
}

static enum http1_result note_length(struct framing *framing, struct text value)
{
    uint64_t length;
    if (framing->has_length || !text_to_u64(value, &length) || length > INT64_MAX) {
        return refuse(framing->refusal, 400, "Content-Length is malformed");
    }
    framing->has_length = true;
    framing->head->content_length = (int64_t)length;
    return HTTP1_DONE;
}

static enum http1_result note_coding(struct framing *framing, struct text value)
{
    if (framing->has_coding || framing->head->minor_version == 0 ||
        !text_equal_ignoring_case(value, TEXT("chunked"))) {
        return refuse(framing->refusal, 400, "Transfer-Encoding is not just chunked");
    }
    framing->has_coding = true;
    framing->head->is_chunked = true;
    return HTTP1_DONE;
}

static enum http1_result note_connection(struct framing *framing, struct text value)
{
    struct text rest = value;
    while (rest.data != NULL) {
        struct text option = text_trim(text_next(&rest, ','));
        framing->says_close |= text_equal_ignoring_case(option, TEXT("close"));
        framing->says_keep_alive |= text_equal_ignoring_case(option, TEXT("keep-alive"));
    }
    return HTTP1_DONE;
}

static enum http1_result note_expectation(struct framing *framing, struct text value)
{
    if (!text_equal_ignoring_case(value, TEXT("100-continue"))) {
        return refuse(framing->refusal, 417, "only 100-continue can be expected");
    }
    framing->head->expects_continue = framing->head->minor_version == 1;
    return HTTP1_DONE;
}

static const struct {
    struct text name;
    enum http1_result (*note)(struct framing *framing, struct text value);
} framing_headers[] = {
    {TEXT_INIT("host"), note_host},
    {TEXT_INIT("content-length"), note_length},
    {TEXT_INIT("transfer-encoding"), note_coding},
    {TEXT_INIT("connection"), note_connection},
    {TEXT_INIT("expect"), note_expectation},
};

static enum http1_result note_header(struct framing *framing, const struct http_header *header)
{
    framing->list_bytes += header->name.length + header->value.length + 32;
    if (framing->list_bytes > HTTP_HEADER_LIST_BYTES_MAX) {
        return refuse(framing->refusal, 431, "the request's headers are too large");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(framing_headers); i++) {
        if (text_equal(header->name, framing_headers[i].name)) {
            return framing_headers[i].note(framing, header->value);
        }
    }
    return HTTP1_DONE;
}

static enum http1_result check_framing(const struct framing *framing)
{
    struct http1_head *head = framing->head;
    if (framing->has_length && framing->has_coding) {
        return refuse(framing->refusal, 400, "both Content-Length and Transfer-Encoding");
    }
    if (!framing->has_host && head->minor_version == 1) {
        return refuse(framing->refusal, 400, "Host is missing");
    }
    head->keep_alive = head->minor_version == 1 ? !framing->says_close
                                                : framing->says_keep_alive && !framing->says_close;
    return HTTP1_DONE;
}

/* The line at *offset, without CR LF; *offset goes behind it. */
static struct text next_line(struct text head, size_t *offset)
{
    size_t end = text_find(head, *offset, '\r');
    struct text line = text_slice(head, *offset, end);
    *offset = end + 2;
    return line;
}

enum http1_result http1_parse(char *head, size_t length, struct http1_head *ret_head,
                              struct http1_refusal *ret_refusal)
{
    struct text whole = {head, length};
    struct framing framing = {.head = ret_head, .refusal = ret_refusal};
    size_t offset = text_starts_with(whole, TEXT("\r\n")) ? 2 : 0;

    ret_head->authority = (struct text){NULL, 0};
    ret_head->header_count = 0;
    ret_head->content_length = 0;
    ret_head->is_chunked = false;
    ret_head->expects_continue = false;
    enum http1_result result = parse_request_line(next_line(whole, &offset), ret_head, ret_refusal);
    if (result != HTTP1_DONE) {
        return result;
    }
    for (;;) {
        size_t start = offset;
        struct text line = next_line(whole, &offset);
        if (line.length == 0) {
            return check_framing(&framing);
        }
        if (parse_header(head + start, line.length, ret_head, ret_refusal) == HTTP1_REFUSED ||
            note_header(&framing, &ret_head->headers[ret_head->header_count - 1]) ==
                HTTP1_REFUSED) {
            return HTTP1_REFUSED;
        }
    }
}
