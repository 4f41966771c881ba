#include "registry/repository/registry_coder.h"

#include <limits.h>

enum { NUMBER_BYTES_MAX = 10, DIGIT_BITS = 7, DIGIT_MASK = 0x7f, MORE = 0x80, NUMBER_BITS = 64 };

static void write_number(struct registry_coder *coder, uint64_t value)
{
    char bytes[NUMBER_BYTES_MAX];
    size_t length = 0;
    do {
        uint64_t rest = value >> DIGIT_BITS;
        bytes[length++] = (char)((value & DIGIT_MASK) | (rest > 0 ? MORE : 0));
        value = rest;
    } while (value > 0);
    coder->failed = coder->failed || !buffer_append(coder->output, text_of_bytes(bytes, length));
}

static void read_number(struct registry_coder *coder, uint64_t *value)
{
    uint64_t number = 0;
    for (size_t i = 0; i < NUMBER_BYTES_MAX && i < coder->input.length; i++) {
        uint64_t byte = (unsigned char)coder->input.data[i];
        unsigned shift = DIGIT_BITS * (unsigned)i;
        uint64_t digit = byte & DIGIT_MASK;
        if (shift + DIGIT_BITS > NUMBER_BITS && digit >> (NUMBER_BITS - shift) != 0) {
            break;
        }
        number |= digit << shift;
        if ((byte & MORE) == 0) {
            *value = number;
            coder->input = text_slice(coder->input, i + 1, coder->input.length);
            return;
        }
    }
    coder->failed = true;
}

void registry_code_number(struct registry_coder *coder, uint64_t *value)
{
    if (coder->failed) {
        return;
    }
    if (registry_coder_is_reading(coder)) {
        read_number(coder, value);
    } else {
        write_number(coder, *value);
    }
}

void registry_code_text(struct registry_coder *coder, struct text *text)
{
    uint64_t length = text->length;
    registry_code_number(coder, &length);
    if (coder->failed) {
        return;
    }
    if (!registry_coder_is_reading(coder)) {
        coder->failed = !buffer_append(coder->output, *text);
    } else if (length > coder->input.length) {
        coder->failed = true;
    } else {
        *text = text_slice(coder->input, 0, (size_t)length);
        coder->input = text_slice(coder->input, (size_t)length, coder->input.length);
    }
}

static void code_limited(struct registry_coder *coder, uint64_t *value, uint64_t maximum)
{
    registry_code_number(coder, value);
    coder->failed = coder->failed || *value > maximum;
}

void registry_code_size(struct registry_coder *coder, size_t *value, size_t maximum)
{
    uint64_t number = *value;
    code_limited(coder, &number, maximum);
    if (!coder->failed) {
        *value = (size_t)number;
    }
}

/* The sign in the lowest bit, so that small numbers are short either way. */
void registry_code_integer(struct registry_coder *coder, int64_t *value)
{
    uint64_t number = ((uint64_t)*value << 1) ^ (*value < 0 ? UINT64_MAX : 0);
    registry_code_number(coder, &number);
    if (!coder->failed) {
        *value = (int64_t)((number >> 1) ^ ((number & 1) != 0 ? UINT64_MAX : 0));
    }
}

void registry_code_int(struct registry_coder *coder, int *value)
{
    int64_t number = *value;
    registry_code_integer(coder, &number);
    coder->failed = coder->failed || number < INT_MIN || number > INT_MAX;
    if (!coder->failed) {
        *value = (int)number;
    }
}

void registry_code_flag(struct registry_coder *coder, bool *value)
{
    uint64_t number = *value ? 1 : 0;
    code_limited(coder, &number, 1);
    if (!coder->failed) {
        *value = number == 1;
    }
}

void *registry_coder_list(struct registry_coder *coder, size_t count, size_t size)
{
    if (coder->failed || !registry_coder_is_reading(coder)) {
        return NULL;
    }
    void *list = arena_calloc(coder->arena, count > 0 ? count : 1, size);
    coder->without_memory = list == NULL;
    coder->failed = list == NULL;
    return list;
}
