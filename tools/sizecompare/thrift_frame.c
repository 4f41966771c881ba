#include "sizecompare/binary_frame.h"

enum {
    TYPE_STOP = 0,
    TYPE_STRING = 11,
    TYPE_STRUCT = 12,
    TYPE_LIST = 15,
};

/* Bits 1 to 4: the fields of an entry that have been met. */
enum { ALL_FIELDS = 0x1e };

/* Takes a big-endian number of `size` bytes off the front. */
static bool take_number(struct text *rest, size_t size, uint32_t *ret_number)
{
    uint32_t number = 0;

    if (rest->length < size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        number = number << 8 | (unsigned char)rest->data[i];
    }
    *rest = text_of_bytes(rest->data + size, rest->length - size);
    *ret_number = number;
    return true;
}

static bool take_string(struct text *rest)
{
    uint32_t length = 0;

    if (!take_number(rest, 4, &length) || length > rest->length) {
        return false;
    }
    *rest = text_of_bytes(rest->data + length, rest->length - length);
    return true;
}

static bool take_entry(struct text *rest)
{
    uint32_t type = 0;
    uint32_t id = 0;
    unsigned met = 0;

    while (take_number(rest, 1, &type)) {
        if (type == TYPE_STOP) {
            return met == ALL_FIELDS;
        }
        if (type != TYPE_STRING || !take_number(rest, 2, &id) || id < 1 ||
            id > SAMPLE_FIELD_COUNT || (met & 1U << id) != 0 || !take_string(rest)) {
            return false;
        }
        met |= 1U << id;
    }
    return false;
}

static enum status take_list(struct text *rest)
{
    uint32_t type = 0;
    uint32_t id = 0;
    uint32_t element_type = 0;
    uint32_t count = 0;

    if (!take_number(rest, 1, &type) || type != TYPE_LIST || !take_number(rest, 2, &id) ||
        id != 1 || !take_number(rest, 1, &element_type) || element_type != TYPE_STRUCT ||
        !take_number(rest, 4, &count)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (count > SAMPLE_ENTRIES_MAX) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!take_entry(rest)) {
            return STATUS_INVALID_ARGUMENT;
        }
    }
    bool stopped = take_number(rest, 1, &type) && type == TYPE_STOP;
    return stopped ? STATUS_OK : STATUS_INVALID_ARGUMENT;
}

enum status thrift_frame_check(struct text bytes, enum sample_shape shape)
{
    enum status status = STATUS_OK;

    if (shape == SAMPLE_LIST) {
        status = take_list(&bytes);
    } else if (!take_entry(&bytes)) {
        status = STATUS_INVALID_ARGUMENT;
    }
    return status == STATUS_OK && bytes.length > 0 ? STATUS_INVALID_ARGUMENT : status;
}
