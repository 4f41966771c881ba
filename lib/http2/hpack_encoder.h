/* hpack_encoder.h: writes header blocks (RFC 7541), one encoder a connection.
 *
 * The caller says of each field how it is used, for that decides what it costs: a field that
 * repeats goes into the table and is one or two bytes from then on; a value that changes with each
 * call goes out as it is, without Huffman code, whose CPU time costs more than its bytes save.
 *
 * Blocks must be sent in the order in which they were encoded. Encoding never fails: without memory
 * for the table, fields are not indexed. Memory is taken with the first field that is indexed, at
 * most about three times HPACK_ENCODER_TABLE_BYTES_MAX. One thread at a time. */
#pragma once

#include "http2/hpack_field.h"
#include "http2/hpack_table.h"

enum hpack_indexing {
    /* Repeats as it is (content-type, :path of a gRPC client): sent by its index when it is in a
     * table, else with Huffman code where that is shorter, and put into the table, unless it would
     * take more than half of it. */
    HPACK_INDEXED,
    /* The value is likely to change (traceparent, grpc-timeout), the name repeats: unless its name
     * is in a table, the field is put there once. From then on, the name is sent by its index, and
     * the value as it is, or with the name if it is the one that stands there. */
    HPACK_NAME_INDEXED,
    /* Nothing is put into the table; the name is sent by its index if it has one. For names that
     * are without number, and would drive out the others. */
    HPACK_NOT_INDEXED,
    /* As a literal that nobody on the way may index either (RFC 7541 section 7.1.3): secrets. */
    HPACK_NEVER_INDEXED,
};

enum {
    HPACK_ENCODER_TABLE_BYTES_MAX = 4096, /* however much the peer offers */
    /* The room that hpack_encode() may need beyond the field's name and value. */
    HPACK_FIELD_OVERHEAD_BYTES = 40,
    HPACK_PRESET_BYTES_MAX = 32, /* that are remembered; more are encoded each time */
};

struct hpack_encoder {
    /* private */
    struct hpack_table table;
    struct hpack_lookup *lookup; /* NULL: nothing was indexed yet */
    uint32_t changes;            /* of the table, counted */
    uint32_t smallest_bytes_max; /* of the table, since the last block */
    bool must_tell_size;         /* of the table, at the next block's start */
};

/* Takes no memory. */
void hpack_encoder_init(struct hpack_encoder *encoder);
void hpack_encoder_deinit(struct hpack_encoder *encoder);

/* The peer's SETTINGS_HEADER_TABLE_SIZE; until it comes, it is 4096. Between blocks only: the next
 * one begins with the update. */
void hpack_encoder_set_table_bytes_max(struct hpack_encoder *encoder, uint32_t table_bytes_max);

/* The room that must be there for the field. */
static inline size_t hpack_encoded_bytes_max(const struct hpack_field *field)
{
    return field->name.length + field->value.length + HPACK_FIELD_OVERHEAD_BYTES;
}

/* Fields that many blocks of one connection have, one behind the other, all HPACK_INDEXED. Their
 * bytes are remembered: they stay the same while the table does. */
struct hpack_preset {
    const struct hpack_field *fields; /* borrowed until the last hpack_encode_preset() */
    size_t count;
    size_t bytes_max; /* read only: the room that must be there */
    /* private */
    uint32_t changes; /* the encoder's, when they were remembered */
    uint8_t length;   /* 0: nothing is remembered */
    uint8_t bytes[HPACK_PRESET_BYTES_MAX];
};

/* Nothing is encoded yet. */
void hpack_preset_init(struct hpack_preset *preset, const struct hpack_field *fields, size_t count);

/* Writes all fields of the preset, which is of this encoder alone, to `to`, where `bytes_max` bytes
 * of room are, and returns the end of what was written. */
MUST_USE uint8_t *hpack_encode_preset(struct hpack_encoder *encoder, uint8_t *to,
                                      struct hpack_preset *preset);

/* Writes the field to `to`, where hpack_encoded_bytes_max() bytes of room are, and returns the end
 * of what was written. The name is in lower case; its token is given, or HPACK_TOKEN_NONE when it
 * has none (a wrong token is a bug of the caller's). `sensitive` makes it HPACK_NEVER_INDEXED;
 * is_valid is not looked at. */
MUST_USE uint8_t *hpack_encode(struct hpack_encoder *encoder, uint8_t *to,
                               const struct hpack_field *field, enum hpack_indexing indexing);
