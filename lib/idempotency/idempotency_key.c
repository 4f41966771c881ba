/* What a request with a key is known by, and the form of what is kept of its reply. */
#include "base/buffer.h"
#include "idempotency/idempotency.h"

static bool is_visible(char byte)
{
    return byte >= '!' && byte <= '~';
}

/* Without quotes: what could be taken for more than one item of RFC 8941 is none. */
static struct text parse_bare(struct text value, char bytes[static IDEMPOTENCY_KEY_BYTES_MAX])
{
    if (value.length == 0 || value.length > IDEMPOTENCY_KEY_BYTES_MAX) {
        return (struct text){NULL, 0};
    }
    for (size_t i = 0; i < value.length; i++) {
        if (!is_visible(value.data[i]) || memchr("\"\\,;", value.data[i], 4) != NULL) {
            return (struct text){NULL, 0};
        }
        bytes[i] = value.data[i];
    }
    return text_of_bytes(bytes, value.length);
}

/* Between the quotes (RFC 8941 section 3.3.3). Parameters, which an item may have, mean nothing
 * here and are refused. */
static struct text parse_string(struct text inside, char bytes[static IDEMPOTENCY_KEY_BYTES_MAX])
{
    size_t length = 0;
    for (size_t i = 0; i < inside.length; i++) {
        char byte = inside.data[i];
        if (byte == '\\') {
            byte = ++i < inside.length ? inside.data[i] : '\0';
            if (byte != '"' && byte != '\\') {
                return (struct text){NULL, 0};
            }
        } else if (byte == '"' || (byte != ' ' && !is_visible(byte))) {
            return (struct text){NULL, 0};
        }
        if (length == IDEMPOTENCY_KEY_BYTES_MAX) {
            return (struct text){NULL, 0};
        }
        bytes[length++] = byte;
    }
    return length > 0 ? text_of_bytes(bytes, length) : (struct text){NULL, 0};
}

struct text idempotency_key_parse(struct text value, char bytes[static IDEMPOTENCY_KEY_BYTES_MAX])
{
    value = text_trim(value);
    if (value.length >= 2 && value.data[0] == '"' && value.data[value.length - 1] == '"') {
        return parse_string(text_slice(value, 1, value.length - 1), bytes);
    }
    return parse_bare(value, bytes);
}

enum status idempotency_refuse_key(struct call *call)
{
    return call_fail(call, STATUS_INVALID_ARGUMENT,
                     IDEMPOTENCY_HEADER " must be one string of 1 to %d characters",
                     IDEMPOTENCY_KEY_BYTES_MAX);
}

void idempotency_mix(unsigned char digest[static ACCESS_DIGEST_BYTES], struct text part)
{
    unsigned char both[2 * ACCESS_DIGEST_BYTES];
    memcpy(both, digest, ACCESS_DIGEST_BYTES);
    access_digest(part, both + ACCESS_DIGEST_BYTES);
    access_digest(text_of_bytes(both, sizeof(both)), digest);
}

void idempotency_client(const struct call *call, struct text authorization,
                        unsigned char ret_client[static ACCESS_DIGEST_BYTES])
{
    const struct call_identity *identity = &call->identity;
    bool by_token = identity->is_checked && identity->user.length == 0;
    memset(ret_client, 0, ACCESS_DIGEST_BYTES);
    idempotency_mix(ret_client, identity->subject);
    idempotency_mix(ret_client, identity->user);
    idempotency_mix(ret_client, by_token ? authorization : (struct text){NULL, 0});
}

bool idempotency_put(struct buffer *record, struct text part)
{
    uint32_t length = (uint32_t)part.length;
    if (part.length > UINT32_MAX) {
        return false;
    }
    return buffer_append(record, text_of_bytes(&length, sizeof(length))) &&
           buffer_append(record, part);
}

bool idempotency_take(struct text *record, struct text *ret_part)
{
    uint32_t length;
    if (record->length < sizeof(length)) {
        return false;
    }
    memcpy(&length, record->data, sizeof(length));
    if (record->length - sizeof(length) < length) {
        return false;
    }
    *ret_part = text_slice(*record, sizeof(length), sizeof(length) + length);
    *record = text_slice(*record, sizeof(length) + length, record->length);
    return true;
}

bool idempotency_is_final(enum status status)
{
    return status != STATUS_CANCELLED && status != STATUS_DEADLINE_EXCEEDED &&
           status != STATUS_RESOURCE_EXHAUSTED && status != STATUS_ABORTED &&
           status != STATUS_UNAVAILABLE;
}
