#include "base/trace.h"

#include "base/random.h"

static const char hex_digits[] = "0123456789abcdef";

static void to_hex(const uint8_t *bytes, size_t count, char *text)
{
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = hex_digits[bytes[i] >> 4];
        text[2 * i + 1] = hex_digits[bytes[i] & 15];
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
    to_hex(&trace->flags, 1, buffer + 53);
}

struct text trace_id_text(const struct trace *trace, char buffer[static TRACE_ID_TEXT_BYTES])
{
    to_hex(trace->id, TRACE_ID_BYTES, buffer);
    buffer[TRACE_ID_TEXT_BYTES - 1] = '\0';
    return (struct text){buffer, TRACE_ID_TEXT_BYTES - 1};
}
