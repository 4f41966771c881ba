/* hpack_scene.h: header blocks in tests, written as hexadecimal and as lists of fields. */
#pragma once

#include "base/buffer.h"
#include "http2/hpack_decoder.h"
#include "http2/hpack_encoder.h"

enum { SCENE_FIELDS_MAX = 64, SCENE_BLOCK_BYTES_MAX = 256 * 1024 };

/* A field in a table of cases. */
struct scene_field {
    const char *name;
    const char *value;
};

struct scene_block {
    uint8_t *bytes; /* exactly as long as the block, so that reading beyond it is seen */
    size_t length;
};

/* "8286 84": spaces are passed over. Owned by caller: scene_block_free(). */
struct scene_block scene_block_of_hex(const char *hex);
void scene_block_free(struct scene_block *block);

/* Decodes the whole block and asserts that it is these fields (up to a NULL name). */
void scene_assert_decodes(struct hpack_decoder *decoder, const char *hex,
                          const struct scene_field *want);

/* Decodes until it is over; what it ended with. */
enum hpack_result scene_decode(struct hpack_decoder *decoder, const uint8_t *bytes, size_t length);

/* Encodes the fields as one block. */
void scene_encode(struct hpack_encoder *encoder, struct buffer *block,
                  const struct scene_field *fields, enum hpack_indexing indexing);

/* Asserts that the block is these bytes. */
void scene_assert_hex(const struct buffer *block, const char *hex);

struct hpack_field scene_field(const char *name, const char *value);
