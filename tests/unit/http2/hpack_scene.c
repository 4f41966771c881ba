#include "unit/http2/hpack_scene.h"

#include <stdlib.h>

#include "support/cmocka_test.h"

static unsigned digit(char character)
{
    return character <= '9' ? (unsigned)(character - '0') : (unsigned)(character - 'a') + 10;
}

struct scene_block scene_block_of_hex(const char *hex)
{
    struct buffer bytes;
    buffer_init(&bytes, SCENE_BLOCK_BYTES_MAX);
    for (; *hex != '\0'; hex++) {
        if (*hex != ' ') {
            assert_true(buffer_append_byte(&bytes, (char)(digit(hex[0]) << 4 | digit(hex[1]))));
            hex++;
        }
    }
    struct scene_block block = {malloc(bytes.length), bytes.length};
    if (bytes.length > 0) {
        assert_non_null(block.bytes);
        memcpy(block.bytes, bytes.data, bytes.length);
    }
    buffer_deinit(&bytes);
    return block;
}

void scene_block_free(struct scene_block *block)
{
    free(block->bytes);
}

static void assert_text(struct text text, const char *want)
{
    if (!text_equal(text, text_of(want))) {
        fail_msg("'%.*s' is not '%s'", TEXT_ARGUMENTS(text), want);
    }
}

void scene_assert_decodes(struct hpack_decoder *decoder, const char *hex,
                          const struct scene_field *want)
{
    struct scene_block block CLEANUP(scene_block_free) = scene_block_of_hex(hex);
    const uint8_t *at = block.bytes;
    const uint8_t *end = block.bytes + block.length;
    for (; want->name != NULL; want++) {
        struct hpack_field field;
        assert_int_equal(hpack_decode(decoder, &at, end, &field), HPACK_FIELD);
        assert_text(field.name, want->name);
        assert_text(field.value, want->value);
        assert_int_equal(field.token, hpack_token_of(field.name));
        assert_true(field.is_valid);
    }
    struct hpack_field none;
    assert_int_equal(hpack_decode(decoder, &at, end, &none), HPACK_END);
    assert_ptr_equal(at, end);
}

enum hpack_result scene_decode(struct hpack_decoder *decoder, const uint8_t *bytes, size_t length)
{
    const uint8_t *at = bytes;
    enum hpack_result result;
    do {
        struct hpack_field field;
        const uint8_t *before = at;
        result = hpack_decode(decoder, &at, bytes + length, &field);
        assert_true(result == HPACK_FIELD ? at > before : at >= before);
        assert_true(result <= HPACK_END || at == before);
    } while (result == HPACK_FIELD);
    return result;
}

struct hpack_field scene_field(const char *name, const char *value)
{
    return (struct hpack_field){
        .name = text_of(name),
        .value = text_of(value),
        .token = hpack_token_of(text_of(name)),
    };
}

void scene_encode(struct hpack_encoder *encoder, struct buffer *block,
                  const struct scene_field *fields, enum hpack_indexing indexing)
{
    buffer_clear(block);
    for (; fields->name != NULL; fields++) {
        struct hpack_field field = scene_field(fields->name, fields->value);
        char *room = buffer_reserve(block, hpack_encoded_bytes_max(&field));
        assert_non_null(room);
        uint8_t *end = hpack_encode(encoder, (uint8_t *)room, &field, indexing);
        buffer_extend(block, (size_t)((char *)end - room));
    }
}

void scene_assert_hex(const struct buffer *block, const char *hex)
{
    struct scene_block want CLEANUP(scene_block_free) = scene_block_of_hex(hex);
    assert_int_equal(block->length, want.length);
    assert_memory_equal(block->data, want.bytes, want.length);
}
