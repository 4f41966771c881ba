#include "sizecompare/binary_frame.h"

/* Takes a long off the front: little-endian groups of seven bits, then zigzag. */
static bool take_long(struct text *rest, int64_t *ret_number)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < 10 && i < rest->length; i++) {
        unsigned char byte = (unsigned char)rest->data[i];
        number |= (uint64_t)(byte & 0x7f) << 7 * i;
        if (byte < 0x80) {
            *rest = text_of_bytes(rest->data + i + 1, rest->length - i - 1);
            *ret_number = (int64_t)(number >> 1 ^ (~(number & 1) + 1));
            return true;
        }
    }
    return false;
}

static bool take_entry(struct text *rest)
{
    for (size_t i = 0; i < SAMPLE_FIELD_COUNT; i++) {
        int64_t length = 0;
        if (!take_long(rest, &length) || length < 0 || (uint64_t)length > rest->length) {
            return false;
        }
        *rest = text_of_bytes(rest->data + length, rest->length - (size_t)length);
    }
    return true;
}

/* One block of an array. A negative count is followed by the block's size, for those who skip it.
 */
static enum status take_block(struct text *rest, int64_t *total, bool *ret_last)
{
    int64_t count = 0;
    int64_t size = 0;

    if (!take_long(rest, &count) || (count < 0 && !take_long(rest, &size))) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (count > SAMPLE_ENTRIES_MAX - *total || count < *total - SAMPLE_ENTRIES_MAX) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    count = count < 0 ? -count : count;
    for (int64_t i = 0; i < count; i++) {
        if (!take_entry(rest)) {
            return STATUS_INVALID_ARGUMENT;
        }
    }
    *total += count;
    *ret_last = count == 0;
    return STATUS_OK;
}

static enum status take_list(struct text *rest)
{
    int64_t total = 0;
    bool last = false;

    while (!last) {
        enum status status = take_block(rest, &total, &last);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status avro_frame_check(struct text bytes, enum sample_shape shape)
{
    enum status status = STATUS_OK;

    if (shape == SAMPLE_LIST) {
        status = take_list(&bytes);
    } else if (!take_entry(&bytes)) {
        status = STATUS_INVALID_ARGUMENT;
    }
    return status == STATUS_OK && bytes.length > 0 ? STATUS_INVALID_ARGUMENT : status;
}
