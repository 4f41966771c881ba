#include "store/postgres_value.h"

#include <endian.h>
#include <limits.h>

enum { HEAD_BYTES = 20, COUNT_AT = 12 };

void postgres_array_init(struct postgres_array *array)
{
    buffer_init(&array->bytes, POSTGRES_ARRAY_BYTES_MAX);
    array->count = 0;
    array->failed = false;
}

void postgres_array_deinit(struct postgres_array *array)
{
    buffer_deinit(&array->bytes);
}

static char *put_u32(char *at, uint32_t value)
{
    value = htobe32(value);
    memcpy(at, &value, sizeof(value));
    return at + sizeof(value);
}

/* One dimension, no NULL among its elements, which count from 1. */
void postgres_array_begin(struct postgres_array *array, enum postgres_type type)
{
    buffer_clear(&array->bytes);
    array->count = 0;
    char *at = buffer_reserve(&array->bytes, HEAD_BYTES);
    array->failed = at == NULL;
    if (at != NULL) {
        at = put_u32(at, 1);
        at = put_u32(at, 0);
        at = put_u32(at, type);
        at = put_u32(at, 0);
        (void)put_u32(at, 1); /* the head is full */
        buffer_extend(&array->bytes, HEAD_BYTES);
    }
}

static void add(struct postgres_array *array, const void *value, size_t length)
{
    char *at = array->failed || length > INT_MAX
                   ? NULL
                   : buffer_reserve(&array->bytes, sizeof(uint32_t) + length);
    if (at == NULL) {
        array->failed = true;
        return;
    }
    at = put_u32(at, (uint32_t)length);
    if (length > 0) {
        memcpy(at, value, length);
    }
    buffer_extend(&array->bytes, sizeof(uint32_t) + length);
    array->count++;
}

void postgres_array_add_int2(struct postgres_array *array, int16_t value)
{
    uint16_t bits = htobe16((uint16_t)value);
    add(array, &bits, sizeof(bits));
}

void postgres_array_add_int4(struct postgres_array *array, int32_t value)
{
    uint32_t bits = htobe32((uint32_t)value);
    add(array, &bits, sizeof(bits));
}

void postgres_array_add_int8(struct postgres_array *array, int64_t value)
{
    uint64_t bits = htobe64((uint64_t)value);
    add(array, &bits, sizeof(bits));
}

void postgres_array_add_text(struct postgres_array *array, struct text value)
{
    add(array, value.data, value.length);
}

/* Parameters */

static void add_parameter(struct postgres_parameters *parameters, const char *value, size_t length)
{
    CHECK(parameters->count < POSTGRES_PARAMETERS_MAX);
    parameters->failed = parameters->failed || length > INT_MAX;
    parameters->values[parameters->count] = value;
    parameters->lengths[parameters->count] = (int)length;
    parameters->count++;
}

/* The last `bytes` of a number that is big-endian already. */
static void add_number(struct postgres_parameters *parameters, uint64_t value, size_t bytes)
{
    CHECK(parameters->count < POSTGRES_PARAMETERS_MAX);
    uint64_t *number = &parameters->numbers[parameters->count];
    *number = htobe64(value);
    add_parameter(parameters, (const char *)number + sizeof(*number) - bytes, bytes);
}

void postgres_add_int2(struct postgres_parameters *parameters, int16_t value)
{
    add_number(parameters, (uint64_t)value, sizeof(value));
}

void postgres_add_int4(struct postgres_parameters *parameters, int32_t value)
{
    add_number(parameters, (uint64_t)value, sizeof(value));
}

void postgres_add_int8(struct postgres_parameters *parameters, int64_t value)
{
    add_number(parameters, (uint64_t)value, sizeof(value));
}

void postgres_add_text(struct postgres_parameters *parameters, struct text value)
{
    /* A NULL pointer would be SQL's NULL. */
    add_parameter(parameters, value.data != NULL ? value.data : "", value.length);
}

void postgres_add_array(struct postgres_parameters *parameters, struct postgres_array *array)
{
    parameters->failed = parameters->failed || array->failed;
    if (!array->failed) {
        (void)put_u32(array->bytes.data + COUNT_AT, array->count);
    }
    add_parameter(parameters, array->failed ? "" : array->bytes.data, array->bytes.length);
}

/* Results */

static const char *value_of(const PGresult *result, int row, int column, int bytes)
{
    CHECK(PQgetlength(result, row, column) == bytes);
    return PQgetvalue(result, row, column);
}

int16_t postgres_int2(const PGresult *result, int row, int column)
{
    uint16_t bits;
    memcpy(&bits, value_of(result, row, column, sizeof(bits)), sizeof(bits));
    return (int16_t)be16toh(bits);
}

static int32_t int4_at(const char *bytes)
{
    uint32_t bits;
    memcpy(&bits, bytes, sizeof(bits));
    return (int32_t)be32toh(bits);
}

int32_t postgres_int4(const PGresult *result, int row, int column)
{
    return int4_at(value_of(result, row, column, sizeof(int32_t)));
}

int64_t postgres_int8(const PGresult *result, int row, int column)
{
    uint64_t bits;
    memcpy(&bits, value_of(result, row, column, sizeof(bits)), sizeof(bits));
    return (int64_t)be64toh(bits);
}

bool postgres_bool(const PGresult *result, int row, int column)
{
    return *value_of(result, row, column, 1) != 0;
}

struct text postgres_text(const PGresult *result, int row, int column)
{
    return text_of_bytes(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

bool postgres_int4_array(const PGresult *result, int row, int column, size_t count,
                         uint32_t *ret_values)
{
    enum { ELEMENT_BYTES = 2 * sizeof(uint32_t) }; /* its length and itself */
    struct text bytes = postgres_text(result, row, column);
    if (bytes.length != HEAD_BYTES + count * ELEMENT_BYTES || int4_at(bytes.data) != 1 ||
        (size_t)int4_at(bytes.data + COUNT_AT) != count) {
        return false;
    }
    const char *at = bytes.data + HEAD_BYTES;
    for (size_t i = 0; i < count; i++, at += ELEMENT_BYTES) {
        ret_values[i] = (uint32_t)int4_at(at + sizeof(uint32_t));
    }
    return true;
}
