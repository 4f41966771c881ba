/* Random header lists between our HPACK and nghttp2's, both ways, over many blocks of a connection
 * and changing table sizes; and random bytes and broken blocks by both decoders. */
#include "unit/http2/hpack_nghttp2_peer.h"

#include <stdlib.h>

#include "http2/hpack_encoder.h"
#include "support/cmocka_test.h"

enum {
    CONNECTIONS = 300,
    BLOCKS = 60,
    LIST_MAX = 20,
    NAME_BYTES_MAX = 40,
    VALUE_BYTES_MAX = 300,
    BLOCK_BYTES_MAX = LIST_MAX * (NAME_BYTES_MAX + VALUE_BYTES_MAX + HPACK_FIELD_OVERHEAD_BYTES),
};

/* xorshift64: the same lists in every run. */
struct generator {
    uint64_t state;
};

static uint64_t draw(struct generator *generator, uint64_t bound)
{
    generator->state ^= generator->state << 13;
    generator->state ^= generator->state >> 7;
    generator->state ^= generator->state << 17;
    return (generator->state >> 11) % bound;
}

enum { PRESET_FIELDS = 3 };

struct list {
    size_t count;
    bool has_preset; /* its first fields are those of fill_preset() */
    struct hpack_field fields[LIST_MAX];
    char names[LIST_MAX][NAME_BYTES_MAX];
    char values[LIST_MAX][VALUE_BYTES_MAX];
};

static struct text draw_bytes(struct generator *generator, char *bytes, size_t length)
{
    /* Of few symbols, of digits and letters, or of any. */
    uint64_t kind = draw(generator, 4);
    for (size_t i = 0; i < length; i++) {
        bytes[i] = kind == 0   ? (char)('a' + draw(generator, 2))
                   : kind == 1 ? "0123456789abcdef"[draw(generator, 16)]
                   : kind == 2 ? (char)(' ' + draw(generator, 95))
                               : (char)draw(generator, 256);
    }
    return (struct text){bytes, length};
}

static void draw_field(struct generator *generator, struct list *list)
{
    size_t i = list->count++;
    struct hpack_field *field = &list->fields[i];
    if (draw(generator, 3) > 0) {
        field->token = (enum hpack_token)(1 + draw(generator, HPACK_TOKEN_COUNT - 1));
        field->name = hpack_token_name(field->token);
    } else {
        size_t length = 1 + draw(generator, draw(generator, 2) == 0 ? 2 : NAME_BYTES_MAX - 1);
        field->name = draw_bytes(generator, list->names[i], length);
        field->token = hpack_token_of(field->name);
    }
    size_t value_max = draw(generator, 4) == 0 ? VALUE_BYTES_MAX : 3;
    field->value = draw_bytes(generator, list->values[i], draw(generator, value_max));
    field->sensitive = draw(generator, 10) == 0;
}

static void fill_preset(struct hpack_field fields[PRESET_FIELDS])
{
    fields[0] = hpack_known_field(HPACK_TOKEN_METHOD, TEXT("POST"));
    fields[1] = hpack_known_field(HPACK_TOKEN_TE, TEXT("trailers"));
    fields[2] = hpack_field_of(TEXT("x-tenant"), TEXT("of the preset"));
}

static void draw_list(struct generator *generator, struct list *list)
{
    list->has_preset = draw(generator, 3) == 0;
    list->count = list->has_preset ? PRESET_FIELDS : 0;
    fill_preset(list->fields);
    size_t count = draw(generator, LIST_MAX - PRESET_FIELDS);
    for (size_t i = 0; i < count; i++) {
        draw_field(generator, list);
    }
}

static uint32_t draw_size(struct generator *generator)
{
    static const uint32_t sizes[] = {0, 33, 64, 150, 1000, 4095, 4096};
    return sizes[draw(generator, ARRAY_LENGTH(sizes))];
}

static size_t encode(struct hpack_encoder *encoder, struct hpack_preset *preset,
                     struct generator *generator, const struct list *list, uint8_t *block)
{
    uint8_t *to = block;
    if (list->has_preset) {
        to = hpack_encode_preset(encoder, to, preset);
        assert_true((size_t)(to - block) <= preset->bytes_max);
    }
    for (size_t i = list->has_preset ? PRESET_FIELDS : 0; i < list->count; i++) {
        uint8_t *before = to;
        to = hpack_encode(encoder, to, &list->fields[i],
                          (enum hpack_indexing)draw(generator, HPACK_NEVER_INDEXED + 1));
        assert_true((size_t)(to - before) <= hpack_encoded_bytes_max(&list->fields[i]));
    }
    return (size_t)(to - block);
}

struct connection {
    struct generator generator;
    struct list list;
    struct hpack_encoder encoder;
    struct hpack_field preset_fields[PRESET_FIELDS];
    struct hpack_preset preset;
    struct hpack_decoder decoder;
    nghttp2_hd_deflater *deflater;
    nghttp2_hd_inflater *inflater;
    uint8_t block[BLOCK_BYTES_MAX];
};

static void begin(struct connection *connection, uint64_t seed)
{
    connection->generator.state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    hpack_encoder_init(&connection->encoder);
    fill_preset(connection->preset_fields);
    hpack_preset_init(&connection->preset, connection->preset_fields, PRESET_FIELDS);
    hpack_decoder_init(&connection->decoder, HPACK_TABLE_BYTES_DEFAULT);
    assert_int_equal(nghttp2_hd_deflate_new(&connection->deflater, HPACK_TABLE_BYTES_DEFAULT), 0);
    assert_int_equal(nghttp2_hd_inflate_new(&connection->inflater), 0);
}

static void end(struct connection *connection)
{
    hpack_encoder_deinit(&connection->encoder);
    hpack_decoder_deinit(&connection->decoder);
    nghttp2_hd_deflate_del(connection->deflater);
    nghttp2_hd_inflate_del(connection->inflater);
}

static enum hpack_result decode_by_both(struct connection *connection, const uint8_t *block,
                                        size_t length, const struct peer_list *want)
{
    return peer_decode_by_both(&connection->decoder, connection->inflater,
                               text_of_bytes(block, length), want);
}

static size_t encode_by_peer(struct connection *connection)
{
    const struct list *list = &connection->list;
    nghttp2_nv fields[LIST_MAX];
    for (size_t i = 0; i < list->count; i++) {
        const struct hpack_field *field = &list->fields[i];
        fields[i] = (nghttp2_nv){
            .name = (uint8_t *)(uintptr_t)field->name.data,
            .namelen = field->name.length,
            .value = (uint8_t *)(uintptr_t)field->value.data,
            .valuelen = field->value.length,
            .flags = field->sensitive ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE,
        };
    }
    ssize_t length = nghttp2_hd_deflate_hd(connection->deflater, connection->block,
                                           sizeof(connection->block), fields, list->count);
    assert_true(length >= 0);
    return (size_t)length;
}

static void what_we_write_both_read(void **state)
{
    (void)state;
    static struct connection connection;
    for (uint64_t seed = 0; seed < CONNECTIONS; seed++) {
        struct generator *generator = &connection.generator;
        begin(&connection, seed);
        for (int block = 0; block < BLOCKS; block++) {
            for (uint64_t i = draw(generator, 10) == 0 ? 1 + draw(generator, 3) : 0; i > 0; i--) {
                hpack_encoder_set_table_bytes_max(&connection.encoder, draw_size(generator));
            }
            draw_list(generator, &connection.list);
            struct peer_list want = {connection.list.fields, connection.list.count};
            size_t length = encode(&connection.encoder, &connection.preset, generator,
                                   &connection.list, connection.block);
            assert_int_equal(decode_by_both(&connection, connection.block, length, &want),
                             HPACK_END);
            if (length > 0) { /* an empty block cannot tell of a smaller table */
                assert_int_equal(connection.encoder.table.bytes, connection.decoder.table.bytes);
            }
        }
        end(&connection);
    }
}

static void what_nghttp2_writes_both_read(void **state)
{
    (void)state;
    static struct connection connection;
    for (uint64_t seed = 0; seed < CONNECTIONS; seed++) {
        struct generator *generator = &connection.generator;
        begin(&connection, seed);
        for (int block = 0; block < BLOCKS; block++) {
            if (draw(generator, 10) == 0) {
                assert_int_equal(
                    nghttp2_hd_deflate_change_table_size(connection.deflater, draw_size(generator)),
                    0);
            }
            draw_list(generator, &connection.list);
            struct peer_list want = {connection.list.fields, connection.list.count};
            size_t length = encode_by_peer(&connection);
            assert_int_equal(decode_by_both(&connection, connection.block, length, &want),
                             HPACK_END);
        }
        end(&connection);
    }
}

/* A block of which a few bits are turned, or that is cut off; then bytes at random. */
static size_t spoil(struct generator *generator, uint8_t *block, size_t length)
{
    for (uint64_t i = draw(generator, 4); i > 0 && length > 0; i--) {
        block[draw(generator, length)] ^= (uint8_t)(1U << draw(generator, 8));
    }
    return draw(generator, 4) == 0 ? draw(generator, length + 1) : length;
}

static size_t draw_block(struct connection *connection)
{
    struct generator *generator = &connection->generator;
    if (draw(generator, 4) == 0) {
        size_t length = draw(generator, 60);
        for (size_t i = 0; i < length; i++) {
            connection->block[i] = (uint8_t)draw(generator, 256);
        }
        return length;
    }
    draw_list(generator, &connection->list);
    size_t length = draw(generator, 2) == 0
                        ? encode_by_peer(connection)
                        : encode(&connection->encoder, &connection->preset, generator,
                                 &connection->list, connection->block);
    return spoil(generator, connection->block, length);
}

static void what_is_broken_both_refuse(void **state)
{
    (void)state;
    static struct connection connection;
    unsigned whole = 0;
    unsigned refused = 0;
    for (uint64_t seed = 0; seed < 20 * CONNECTIONS; seed++) {
        begin(&connection, seed);
        enum hpack_result result = HPACK_END;
        for (int block = 0; block < BLOCKS && result == HPACK_END; block++) {
            size_t length = draw_block(&connection);
            /* Of exactly its size, so that reading beyond it is seen. */
            uint8_t *copy = malloc(length + 1);
            assert_non_null(copy);
            memcpy(copy + 1, connection.block, length);
            result = decode_by_both(&connection, copy + 1, length, NULL);
            free(copy);
            whole += result == HPACK_END;
            refused += result != HPACK_END;
        }
        end(&connection);
    }
    assert_true(whole > CONNECTIONS && refused > CONNECTIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_write_both_read),
        cmocka_unit_test(what_nghttp2_writes_both_read),
        cmocka_unit_test(what_is_broken_both_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
