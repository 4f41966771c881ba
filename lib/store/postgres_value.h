/* postgres_value.h: values on their way to PostgreSQL and back, in its binary form. */
#pragma once

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

enum {
    POSTGRES_PARAMETERS_MAX = 16,
    POSTGRES_ARRAY_BYTES_MAX = 512 << 20, /* a message of the protocol has at most 1 GiB */
};

/* An array under way: of int2, int4, int8, text or bytea. */
struct postgres_array {
    struct buffer bytes;
    uint32_t count;
    bool failed; /* no memory, or too large */
};

enum postgres_type {
    POSTGRES_INT2 = 21,
    POSTGRES_INT4 = 23,
    POSTGRES_INT8 = 20,
    POSTGRES_TEXT = 25,
    POSTGRES_BYTEA = 17,
};

/* Takes no memory yet. */
void postgres_array_init(struct postgres_array *array);
void postgres_array_deinit(struct postgres_array *array);

/* Empties it; what it held before stays allocated. */
void postgres_array_begin(struct postgres_array *array, enum postgres_type type);
void postgres_array_add_int2(struct postgres_array *array, int16_t value);
void postgres_array_add_int4(struct postgres_array *array, int32_t value);
void postgres_array_add_int8(struct postgres_array *array, int64_t value);
void postgres_array_add_text(struct postgres_array *array, struct text value); /* bytea too */

/* Zeroed before first use. Texts and arrays are borrowed until the statement was queued. */
struct postgres_parameters {
    /* private */
    unsigned count;
    bool failed;
    const char *values[POSTGRES_PARAMETERS_MAX];
    int lengths[POSTGRES_PARAMETERS_MAX];
    uint64_t numbers[POSTGRES_PARAMETERS_MAX];
};

/* Each is the next parameter, cast in the statement to what its name says. */
void postgres_add_int2(struct postgres_parameters *parameters, int16_t value);
void postgres_add_int4(struct postgres_parameters *parameters, int32_t value);
void postgres_add_int8(struct postgres_parameters *parameters, int64_t value);
void postgres_add_text(struct postgres_parameters *parameters, struct text value); /* bytea too */
void postgres_add_array(struct postgres_parameters *parameters, struct postgres_array *array);

/* What an answer holds. Columns are of the type that is asked for, and not NULL: that is the
 * statement's promise, and CHECKed by size. */
int16_t postgres_int2(const PGresult *result, int row, int column);
int32_t postgres_int4(const PGresult *result, int row, int column);
int64_t postgres_int8(const PGresult *result, int row, int column);
bool postgres_bool(const PGresult *result, int row, int column);
/* Borrowed until PQclear(). */
struct text postgres_text(const PGresult *result, int row, int column);

/* An array of exactly `count` int4. false: it has another shape. */
MUST_USE bool postgres_int4_array(const PGresult *result, int row, int column, size_t count,
                                  uint32_t *ret_values);
