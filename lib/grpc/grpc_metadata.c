#include "grpc/grpc_metadata.h"

#include "base/hex.h"
#include "json/base64.h"

enum { BINARY_BYTES_MAX = HTTP_HEADER_LIST_BYTES_MAX };

static bool is_binary(struct text name)
{
    return text_ends_with(name, TEXT("-bin"));
}

/* Headers that belong to HTTP or to the protocol, not to a handler. */
static bool is_reserved(struct text name)
{
    static const struct text names[] = {
        TEXT_INIT("content-type"),      TEXT_INIT("content-length"), TEXT_INIT("te"),
        TEXT_INIT("transfer-encoding"), TEXT_INIT("connection"),     TEXT_INIT("keep-alive"),
        TEXT_INIT("proxy-connection"),  TEXT_INIT("upgrade"),        TEXT_INIT("host"),
        TEXT_INIT("content-encoding"),  TEXT_INIT("trailer"),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (text_equal(name, names[i])) {
            return true;
        }
    }
    /* The one grpc- header that carries what an application says. */
    return text_starts_with(name, TEXT("grpc-")) &&
           !text_equal(name, TEXT("grpc-status-details-bin"));
}

struct text grpc_metadata_encode_binary(struct arena *arena, struct text bytes)
{
    CLEANUP(buffer_deinit) struct buffer buffer;
    buffer_init(&buffer, BINARY_BYTES_MAX);
    if (!base64_encode(bytes, &buffer)) {
        return (struct text){NULL, 0};
    }
    struct text encoded = buffer_text(&buffer);
    while (encoded.length > 0 && encoded.data[encoded.length - 1] == '=') {
        encoded.length--;
    }
    return arena_copy(arena, encoded);
}

static bool is_name(struct text name)
{
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
              c == '.')) {
            return false;
        }
    }
    return name.length > 0;
}

static bool is_printable(struct text value)
{
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] < 0x20 || value.data[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

bool grpc_metadata_add(struct arena *arena, struct grpc_metadata_list *list, struct text name,
                       struct text value)
{
    if (list->count >= GRPC_METADATA_MAX || !is_name(name) || is_reserved(name)) {
        return false;
    }
    if (is_binary(name)) {
        value = grpc_metadata_encode_binary(arena, value);
        if (value.data == NULL) {
            return false;
        }
    } else if (!is_printable(value)) {
        return false;
    }
    if (list->headers == NULL) {
        list->headers = arena_calloc(arena, GRPC_METADATA_MAX, sizeof(*list->headers));
        if (list->headers == NULL) {
            return false;
        }
    }
    list->headers[list->count++] = (struct http_header){name, value};
    return true;
}

struct text grpc_metadata_find(struct arena *arena, const struct http_header *headers, size_t count,
                               struct text name)
{
    struct text value = http_header_find(headers, count, name);
    if (value.data == NULL || !is_binary(name)) {
        return value;
    }
    /* Intermediaries may have joined several values: each is encoded by itself. */
    struct text rest = value;
    struct text first = text_trim(text_next(&rest, ','));
    bool valid = false;
    struct text bytes = base64_decode(arena, first, &valid);
    return valid ? bytes : (struct text){NULL, 0};
}

/* Whether the parameters say q=0, in any of its spellings. */
static bool is_refused(struct text parameters)
{
    while (parameters.data != NULL) {
        struct text parameter = text_trim(text_next(&parameters, ';'));
        if (text_starts_with(parameter, TEXT("q=0"))) {
            size_t zeros = 3;
            while (zeros < parameter.length &&
                   (parameter.data[zeros] == '0' || parameter.data[zeros] == '.')) {
                zeros++;
            }
            return zeros == parameter.length;
        }
    }
    return false;
}

bool grpc_accepts_encoding(struct text list, struct text encoding)
{
    while (list.data != NULL) {
        struct text parameters = text_next(&list, ',');
        struct text coding = text_trim(text_next(&parameters, ';'));
        if (text_equal_ignoring_case(coding, encoding)) {
            return !is_refused(parameters);
        }
    }
    return false;
}

static bool is_sent_as_it_is(char c)
{
    return c >= 0x20 && c <= 0x7e && c != '%';
}

struct text grpc_message_encode(struct arena *arena, struct text message)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t escaped = 0;
    for (size_t i = 0; i < message.length; i++) {
        escaped += !is_sent_as_it_is(message.data[i]);
    }
    if (escaped == 0) {
        return message;
    }
    char *encoded = arena_alloc(arena, message.length + 2 * escaped);
    if (encoded == NULL) {
        return (struct text){NULL, 0};
    }
    size_t length = 0;
    for (size_t i = 0; i < message.length; i++) {
        unsigned char byte = (unsigned char)message.data[i];
        if (is_sent_as_it_is(message.data[i])) {
            encoded[length++] = message.data[i];
        } else {
            encoded[length++] = '%';
            encoded[length++] = digits[byte >> 4];
            encoded[length++] = digits[byte & 15];
        }
    }
    return (struct text){encoded, length};
}

struct text grpc_message_decode(struct arena *arena, struct text encoded)
{
    if (text_find(encoded, 0, '%') == encoded.length) {
        return encoded;
    }
    char *message = arena_alloc(arena, encoded.length);
    if (message == NULL) {
        return encoded;
    }
    size_t length = 0;
    for (size_t i = 0; i < encoded.length; i++) {
        int high = i + 2 < encoded.length ? hex_value(encoded.data[i + 1]) : -1;
        int low = i + 2 < encoded.length ? hex_value(encoded.data[i + 2]) : -1;
        if (encoded.data[i] == '%' && high >= 0 && low >= 0 && high + low > 0) {
            message[length++] = (char)(high << 4 | low);
            i += 2;
        } else {
            message[length++] = encoded.data[i];
        }
    }
    return (struct text){message, length};
}
