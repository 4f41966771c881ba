#include "http2/http2_message.h"

enum { SWITCHING_PROTOCOLS = 101 }; /* section 8.6: is not of HTTP/2 */

static uint64_t bit(enum hpack_token token)
{
    return UINT64_C(1) << token;
}

/* What section 8.3.1 wants of every request but CONNECT. */
static uint64_t required(void)
{
    return bit(HPACK_TOKEN_METHOD) | bit(HPACK_TOKEN_SCHEME) | bit(HPACK_TOKEN_PATH);
}

void http2_message_begin(struct http2_message *message, enum http2_message_kind kind)
{
    _Static_assert(HPACK_TOKEN_PROTOCOL < 64, "tokens that come once have a bit");
    *message = (struct http2_message){.content_length = -1, .kind = kind};
}

/* false: it has come before. */
static bool see(struct http2_message *message, enum hpack_token token)
{
    bool is_first = (message->seen & bit(token)) == 0;
    message->seen |= bit(token);
    return is_first;
}

/* What a byte may be part of. */
enum {
    OF_TOKEN = 1,     /* RFC 9110 section 5.6.2 */
    OF_SCHEME = 2,    /* RFC 3986 section 3.1; but at its beginning */
    OF_AUTHORITY = 4, /* RFC 3986 section 3.2, not in detail; no user's name (section 8.3.1) */
    WORD = OF_TOKEN | OF_SCHEME | OF_AUTHORITY,
    NAME = OF_TOKEN | OF_AUTHORITY,
};

/* clang-format off */
static const uint8_t parts[256] = {
    ['0'] = WORD, ['1'] = WORD, ['2'] = WORD, ['3'] = WORD, ['4'] = WORD, ['5'] = WORD,
    ['6'] = WORD, ['7'] = WORD, ['8'] = WORD, ['9'] = WORD, ['A'] = WORD, ['B'] = WORD,
    ['C'] = WORD, ['D'] = WORD, ['E'] = WORD, ['F'] = WORD, ['G'] = WORD, ['H'] = WORD,
    ['I'] = WORD, ['J'] = WORD, ['K'] = WORD, ['L'] = WORD, ['M'] = WORD, ['N'] = WORD,
    ['O'] = WORD, ['P'] = WORD, ['Q'] = WORD, ['R'] = WORD, ['S'] = WORD, ['T'] = WORD,
    ['U'] = WORD, ['V'] = WORD, ['W'] = WORD, ['X'] = WORD, ['Y'] = WORD, ['Z'] = WORD,
    ['a'] = WORD, ['b'] = WORD, ['c'] = WORD, ['d'] = WORD, ['e'] = WORD, ['f'] = WORD,
    ['g'] = WORD, ['h'] = WORD, ['i'] = WORD, ['j'] = WORD, ['k'] = WORD, ['l'] = WORD,
    ['m'] = WORD, ['n'] = WORD, ['o'] = WORD, ['p'] = WORD, ['q'] = WORD, ['r'] = WORD,
    ['s'] = WORD, ['t'] = WORD, ['u'] = WORD, ['v'] = WORD, ['w'] = WORD, ['x'] = WORD,
    ['y'] = WORD, ['z'] = WORD, ['+'] = WORD, ['-'] = WORD, ['.'] = WORD,
    ['!'] = NAME, ['$'] = NAME, ['%'] = NAME, ['&'] = NAME, ['\''] = NAME, ['*'] = NAME,
    ['_'] = NAME, ['~'] = NAME,
    ['#'] = OF_TOKEN, ['^'] = OF_TOKEN, ['`'] = OF_TOKEN, ['|'] = OF_TOKEN,
    ['('] = OF_AUTHORITY, [')'] = OF_AUTHORITY, [','] = OF_AUTHORITY, [':'] = OF_AUTHORITY,
    [';'] = OF_AUTHORITY, ['='] = OF_AUTHORITY, ['['] = OF_AUTHORITY, [']'] = OF_AUTHORITY,
};
/* clang-format on */

/* Whether all of the text is of that part, and it is not empty. */
static bool is_part(struct text value, uint8_t part)
{
    uint8_t all = value.length > 0 ? part : 0;
    for (size_t i = 0; i < value.length; i++) {
        all &= parts[(uint8_t)value.data[i]];
    }
    return all != 0;
}

static bool is_letter(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static bool take_path(struct http2_message *message, struct text value)
{
    message->is_absolute = value.length > 0 && value.data[0] == '/';
    message->is_asterisk = text_equal(value, TEXT("*"));
    return value.length > 0 && memchr(value.data, ' ', value.length) == NULL &&
           memchr(value.data, '\t', value.length) == NULL;
}

static bool take_method(struct http2_message *message, struct text value)
{
    message->is_connect = text_equal(value, TEXT("CONNECT"));
    message->is_options = text_equal(value, TEXT("OPTIONS"));
    return is_part(value, OF_TOKEN);
}

static bool take_scheme(struct http2_message *message, struct text value)
{
    message->is_http = text_equal_ignoring_case(value, TEXT("http")) ||
                       text_equal_ignoring_case(value, TEXT("https"));
    return message->is_http || (is_part(value, OF_SCHEME) && is_letter(value.data[0]));
}

static bool take_status(struct http2_message *message, struct text value)
{
    message->status = 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return false;
        }
        message->status = 10 * message->status + (unsigned)(value.data[i] - '0');
    }
    return value.length == 3 && message->status >= 100 && message->status != SWITCHING_PROTOCOLS;
}

static bool take_pseudo(struct http2_message *message, const struct hpack_field *field)
{
    bool of_response = field->token == HPACK_TOKEN_STATUS;
    enum http2_message_kind kind = of_response ? HTTP2_MESSAGE_RESPONSE : HTTP2_MESSAGE_REQUEST;
    if (message->kind != kind || message->has_regular || !see(message, field->token)) {
        return false;
    }
    switch ((int)field->token) {
    case HPACK_TOKEN_METHOD:
        return take_method(message, field->value);
    case HPACK_TOKEN_SCHEME:
        return take_scheme(message, field->value);
    case HPACK_TOKEN_PATH:
        return take_path(message, field->value);
    case HPACK_TOKEN_AUTHORITY:
        return is_part(field->value, OF_AUTHORITY);
    case HPACK_TOKEN_STATUS:
        return take_status(message, field->value);
    default:
        return false; /* :protocol: extended CONNECT (RFC 8441) was not offered */
    }
}

static bool take_length(struct http2_message *message, struct text value)
{
    if (message->kind == HTTP2_MESSAGE_TRAILERS) {
        return true; /* means nothing there */
    }
    return see(message, HPACK_TOKEN_CONTENT_LENGTH) &&
           text_to_i64(value, &message->content_length) && message->content_length >= 0;
}

bool http2_message_take(struct http2_message *message, const struct hpack_field *field)
{
    if (!field->is_valid) {
        return false;
    }
    switch ((int)field->token) {
    case HPACK_TOKEN_AUTHORITY:
    case HPACK_TOKEN_METHOD:
    case HPACK_TOKEN_PATH:
    case HPACK_TOKEN_SCHEME:
    case HPACK_TOKEN_STATUS:
    case HPACK_TOKEN_PROTOCOL:
        return take_pseudo(message, field);
    case HPACK_TOKEN_CONNECTION: /* section 8.2.2 */
    case HPACK_TOKEN_KEEP_ALIVE:
    case HPACK_TOKEN_PROXY_CONNECTION:
    case HPACK_TOKEN_TRANSFER_ENCODING:
    case HPACK_TOKEN_UPGRADE:
        return false;
    default:
        break;
    }
    message->has_regular = true;
    switch ((int)field->token) {
    case HPACK_TOKEN_TE:
        return text_equal_ignoring_case(field->value, TEXT("trailers"));
    case HPACK_TOKEN_CONTENT_LENGTH:
        return take_length(message, field->value);
    case HPACK_TOKEN_HOST:
        return message->kind != HTTP2_MESSAGE_REQUEST ||
               (see(message, HPACK_TOKEN_HOST) && is_part(field->value, OF_AUTHORITY));
    default:
        return true;
    }
}

static bool is_request(const struct http2_message *message)
{
    uint64_t seen = message->seen;
    if (message->is_connect) { /* section 8.5 */
        return (seen & (bit(HPACK_TOKEN_SCHEME) | bit(HPACK_TOKEN_PATH))) == 0 &&
               (seen & bit(HPACK_TOKEN_AUTHORITY)) != 0;
    }
    bool has_host = (seen & (bit(HPACK_TOKEN_AUTHORITY) | bit(HPACK_TOKEN_HOST))) != 0;
    bool has_path =
        !message->is_http || message->is_absolute || (message->is_options && message->is_asterisk);
    return (seen & required()) == required() && has_host && has_path;
}

bool http2_message_end(const struct http2_message *message, bool is_last)
{
    switch (message->kind) {
    case HTTP2_MESSAGE_REQUEST:
        return is_request(message);
    case HTTP2_MESSAGE_RESPONSE:
        return message->status != 0 && (message->status >= 200 || !is_last);
    case HTTP2_MESSAGE_TRAILERS:
    default:
        return is_last;
    }
}
