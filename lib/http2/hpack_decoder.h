/* hpack_decoder.h: reads header blocks (RFC 7541), one decoder a connection.
 *
 * Blocks must be given whole and in the order in which they came, also those whose fields nobody
 * wants: the decoder's table follows the peer's. A field that comes from a table costs no copy and
 * no comparison. Memory is taken as the peer's fields need it: none before the first field that is
 * to be indexed, at most about three times table_bytes_max; it is kept until deinit.
 *
 * One thread at a time. */
#pragma once

#include "http2/hpack_field.h"
#include "http2/hpack_table.h"

enum {
    HPACK_TABLE_BYTES_DEFAULT = 4096, /* SETTINGS_HEADER_TABLE_SIZE, unless it is sent */
    HPACK_TABLE_BYTES_MAX = 65536,
    HPACK_STRING_BYTES_MAX = 65536, /* of a name or value, as it is sent */
};

/* What hpack_decode() found. Errors are those of the connection: COMPRESSION_ERROR, but
 * HPACK_NO_MEMORY is INTERNAL_ERROR. */
enum hpack_result {
    HPACK_FIELD,
    HPACK_END, /* of the block */
    HPACK_TRUNCATED,
    HPACK_INTEGER_TOO_LARGE,      /* beyond 32 bits, or six bytes */
    HPACK_INDEX_UNKNOWN,          /* 0, or past both tables */
    HPACK_STRING_TOO_LONG,        /* HPACK_STRING_BYTES_MAX */
    HPACK_HUFFMAN_MALFORMED,      /* EOS, or padding that is not its first 0 to 7 bits */
    HPACK_TABLE_UPDATE_TOO_LARGE, /* above table_bytes_max */
    HPACK_TABLE_UPDATE_MISPLACED, /* behind a field of its block */
    HPACK_NO_MEMORY,
};

/* "string too long"; static storage. */
const char *hpack_result_name(enum hpack_result result);

struct hpack_decoder {
    /* private */
    struct hpack_table table;
    uint32_t table_bytes_max;
    bool in_block; /* a field of the block has been read */
    char *scratch; /* of Huffman-coded strings */
    size_t scratch_bytes;
};

/* table_bytes_max: what the peer was told by SETTINGS_HEADER_TABLE_SIZE; from
 * HPACK_TABLE_BYTES_DEFAULT (which it may use before it has seen another) to
 * HPACK_TABLE_BYTES_MAX. Takes no memory. */
void hpack_decoder_init(struct hpack_decoder *decoder, uint32_t table_bytes_max);
void hpack_decoder_deinit(struct hpack_decoder *decoder);

/* The next field of the block, whose rest is [*position, end). Call it until it returns
 * HPACK_END: then the next block may come. HPACK_FIELD: *position is behind the field; its texts
 * are borrowed until the next hpack_decode() or deinit, and lie in the block, the table or static
 * storage. After an error the decoder must not be used but for deinit; *position is untouched, and
 * *ret_field holds nothing. */
MUST_USE enum hpack_result hpack_decode(struct hpack_decoder *decoder, const uint8_t **position,
                                        const uint8_t *end, struct hpack_field *ret_field);
