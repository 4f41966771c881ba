#include "base/trace.h"

#include <endian.h>

#include "base/random.h"

static const char hex_digits[] = "0123456789abcdef";

/* The digits of four bytes at a time, a multiple of which `count` is. Each nibble gets a byte of a
 * word; those above nine are told by the carry of adding six, and begin 39 further on, at 'a'. */
static void to_hex(const uint8_t *bytes, size_t count, char *text)
{
    for (; count > 0; count -= 4, bytes += 4) {
        uint64_t word = (uint64_t)bytes[0] << 48 | (uint64_t)bytes[1] << 32 |
                        (uint64_t)bytes[2] << 16 | bytes[3];
        word = (word << 4 & UINT64_C(0x0f000f000f000f00)) | (word & UINT64_C(0x000f000f000f000f));
        uint64_t letters =
            (word + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
        word += UINT64_C(0x3030303030303030) + letters * ('a' - '9' - 1);
        word = htobe64(word);
        memcpy(text, &word, sizeof(word));
        text += sizeof(word);
    }
}

/* What a digit stands for, plus one; 0: it is none. Upper case is not allowed in a traceparent. */
static const uint8_t digit_values[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* Returns false for what is no hexadecimal number, and for all zeros. */
static bool from_hex(const char *text, size_t count, uint8_t *bytes, bool zero_allowed)
{
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t high = digit_values[(uint8_t)text[2 * i]];
        uint8_t low = digit_values[(uint8_t)text[2 * i + 1]];
        if (high == 0 || low == 0) {
            return false;
        }
        bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
        any |= bytes[i];
    }
    return any != 0 || zero_allowed;
}

struct trace trace_start(void)
{
    struct trace trace = {.flags = 0};
    random_fill(trace.id, sizeof(trace.id));
    random_fill(trace.span, sizeof(trace.span));
    return trace;
}

struct trace trace_child(const struct trace *parent)
{
    struct trace trace = *parent;
    random_fill(trace.span, sizeof(trace.span));
    return trace;
}

bool trace_parse(struct text traceparent, struct trace *ret_trace)
{
    const char *data = traceparent.data;
    struct trace trace;
    uint8_t version;
    if (traceparent.length < TRACE_PARENT_LENGTH || !from_hex(data, 1, &version, true) ||
        version == 0xff) {
        return false;
    }
    /* Later versions may append fields behind another dash; version 00 may not. */
    if (traceparent.length > TRACE_PARENT_LENGTH &&
        (version == 0 || data[TRACE_PARENT_LENGTH] != '-')) {
        return false;
    }
    if (data[2] != '-' || data[35] != '-' || data[52] != '-' ||
        !from_hex(data + 3, TRACE_ID_BYTES, trace.id, false) ||
        !from_hex(data + 36, TRACE_SPAN_BYTES, trace.span, false) ||
        !from_hex(data + 53, 1, &trace.flags, true)) {
        return false;
    }
    *ret_trace = trace;
    return true;
}

void trace_format(const struct trace *trace, char buffer[static TRACE_PARENT_LENGTH])
{
    memcpy(buffer, "00-", 3);
    to_hex(trace->id, TRACE_ID_BYTES, buffer + 3);
    buffer[35] = '-';
    to_hex(trace->span, TRACE_SPAN_BYTES, buffer + 36);
    buffer[52] = '-';
    buffer[53] = hex_digits[trace->flags >> 4];
    buffer[54] = hex_digits[trace->flags & 15];
}

struct text trace_id_text(const struct trace *trace, char buffer[static TRACE_ID_TEXT_BYTES])
{
    to_hex(trace->id, TRACE_ID_BYTES, buffer);
    buffer[TRACE_ID_TEXT_BYTES - 1] = '\0';
    return (struct text){buffer, TRACE_ID_TEXT_BYTES - 1};
}
