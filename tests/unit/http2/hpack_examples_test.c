/* RFC 7541 appendix C, all of it: what is decoded, the table after it, and, where the encoder makes
 * the same choices, what is encoded. */
#include "unit/http2/hpack_scene.h"

#include "support/cmocka_test.h"

enum { TABLE_BYTES = 256 };

struct example {
    const char *block;
    struct scene_field fields[8];
    struct scene_field table[5]; /* the newest first */
    uint32_t table_bytes;
};

/* C.2 */
static const struct example literals[] = {
    {"400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
     {{"custom-key", "custom-header"}},
     {{"custom-key", "custom-header"}},
     55},
    {"040c 2f73 616d 706c 652f 7061 7468", {{":path", "/sample/path"}}, {{NULL, NULL}}, 0},
    {"1008 7061 7373 776f 7264 0673 6563 7265 74", {{"password", "secret"}}, {{NULL, NULL}}, 0},
    {"82", {{":method", "GET"}}, {{NULL, NULL}}, 0},
};

#define REQUEST_1                                                                                  \
    {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "www.example.com"}},  \
        {{":authority", "www.example.com"}}, 57
#define REQUEST_2                                                                                  \
    {{":method", "GET"},                                                                           \
     {":scheme", "http"},                                                                          \
     {":path", "/"},                                                                               \
     {":authority", "www.example.com"},                                                            \
     {"cache-control", "no-cache"}},                                                               \
        {{"cache-control", "no-cache"}, {":authority", "www.example.com"}}, 110
#define REQUEST_3                                                                                  \
    {{":method", "GET"},                                                                           \
     {":scheme", "https"},                                                                         \
     {":path", "/index.html"},                                                                     \
     {":authority", "www.example.com"},                                                            \
     {"custom-key", "custom-value"}},                                                              \
        {{"custom-key", "custom-value"},                                                           \
         {"cache-control", "no-cache"},                                                            \
         {":authority", "www.example.com"}},                                                       \
        164

/* C.3 */
static const struct example requests[] = {
    {"8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", REQUEST_1},
    {"8286 84be 5808 6e6f 2d63 6163 6865", REQUEST_2},
    {"8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65", REQUEST_3},
};

/* C.4 */
static const struct example requests_in_huffman[] = {
    {"8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", REQUEST_1},
    {"8286 84be 5886 a8eb 1064 9cbf", REQUEST_2},
    {"8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", REQUEST_3},
};

#define DATE_1 "Mon, 21 Oct 2013 20:13:21 GMT"
#define DATE_2 "Mon, 21 Oct 2013 20:13:22 GMT"
#define COOKIE "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"
#define PLACE "https://www.example.com"
#define RESPONSE_1                                                                                 \
    {{":status", "302"}, {"cache-control", "private"}, {"date", DATE_1}, {"location", PLACE}},     \
        {{"location", PLACE}, {"date", DATE_1}, {"cache-control", "private"}, {":status", "302"}}, \
        222
#define RESPONSE_2                                                                                 \
    {{":status", "307"}, {"cache-control", "private"}, {"date", DATE_1}, {"location", PLACE}},     \
        {{":status", "307"}, {"location", PLACE}, {"date", DATE_1}, {"cache-control", "private"}}, \
        222
#define RESPONSE_3                                                                                 \
    {{":status", "200"},  {"cache-control", "private"}, {"date", DATE_2},                          \
     {"location", PLACE}, {"content-encoding", "gzip"}, {"set-cookie", COOKIE}},                   \
        {{"set-cookie", COOKIE}, {"content-encoding", "gzip"}, {"date", DATE_2}}, 215

/* C.5 */
static const struct example responses[] = {
    {"4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a"
     "3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
     RESPONSE_1},
    {"4803 3330 37c1 c0bf", RESPONSE_2},
    {"88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04"
     "677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49"
     "553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
     RESPONSE_3},
};

#define RESPONSE_3_BLOCK                                                                           \
    "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7"    \
    "821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed"    \
    "4ee5 b106 3d50 07"

/* C.6 */
static const struct example responses_in_huffman[] = {
    {"4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e"
     "919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
     RESPONSE_1},
    {"4883 640e ffc1 c0bf", RESPONSE_2},
    {RESPONSE_3_BLOCK, RESPONSE_3},
};

static void assert_table(const struct hpack_table *table, const struct example *example)
{
    uint32_t count = 0;
    for (const struct scene_field *want = example->table; want->name != NULL; want++) {
        assert_true(count < table->count);
        const struct hpack_entry *entry = hpack_table_entry(table, table->inserted - count);
        const char *bytes = hpack_table_bytes(table, entry);
        assert_true(text_equal((struct text){bytes, entry->name_length}, text_of(want->name)));
        assert_true(text_equal((struct text){bytes + entry->name_length, entry->value_length},
                               text_of(want->value)));
        count++;
    }
    assert_int_equal(table->count, count);
    assert_int_equal(table->bytes, example->table_bytes);
}

static void check_decoding(struct hpack_decoder *decoder, const struct example *examples,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        scene_assert_decodes(decoder, examples[i].block, examples[i].fields);
        assert_table(&decoder->table, &examples[i]);
    }
    hpack_decoder_deinit(decoder);
}

static void each_kind_of_field_is_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(literals); i++) {
        struct hpack_decoder decoder;
        hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
        check_decoding(&decoder, &literals[i], 1);
    }
}

static void requests_are_decoded(void **state)
{
    (void)state;
    struct hpack_decoder decoder;
    hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
    check_decoding(&decoder, requests, ARRAY_LENGTH(requests));
    hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
    check_decoding(&decoder, requests_in_huffman, ARRAY_LENGTH(requests_in_huffman));
}

/* In a table of 256 bytes, out of which entries are evicted. */
static void responses_are_decoded(void **state)
{
    (void)state;
    static const struct scene_field none = {NULL, NULL};
    struct hpack_decoder decoder;
    hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
    scene_assert_decodes(&decoder, "3fe1 01", &none);
    check_decoding(&decoder, responses, ARRAY_LENGTH(responses));
    hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
    scene_assert_decodes(&decoder, "3fe1 01", &none);
    check_decoding(&decoder, responses_in_huffman, ARRAY_LENGTH(responses_in_huffman));
}

static void a_secret_stays_one(void **state)
{
    (void)state;
    struct hpack_decoder decoder;
    struct scene_block block CLEANUP(scene_block_free) = scene_block_of_hex(literals[2].block);
    const uint8_t *at = block.bytes;
    struct hpack_field field;
    hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
    assert_int_equal(hpack_decode(&decoder, &at, block.bytes + block.length, &field), HPACK_FIELD);
    assert_true(field.sensitive);
    hpack_decoder_deinit(&decoder);

    struct hpack_encoder encoder;
    uint8_t again[64];
    hpack_encoder_init(&encoder);
    const uint8_t *end = hpack_encode(&encoder, again, &field, HPACK_INDEXED);
    assert_int_equal(end - again, block.length);
    assert_memory_equal(again, block.bytes, block.length);
    assert_int_equal(encoder.table.count, 0);
    hpack_encoder_deinit(&encoder);
}

static void requests_are_encoded_alike(void **state)
{
    (void)state;
    struct hpack_encoder encoder;
    struct buffer block;
    hpack_encoder_init(&encoder);
    buffer_init(&block, SCENE_BLOCK_BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LENGTH(requests_in_huffman); i++) {
        const struct example *example = &requests_in_huffman[i];
        scene_encode(&encoder, &block, example->fields, HPACK_INDEXED);
        scene_assert_hex(&block, example->block);
        assert_table(&encoder.table, example);
    }
    buffer_deinit(&block);
    hpack_encoder_deinit(&encoder);
}

/* The table's size comes first; "307" is as long in Huffman code, and goes out as it is. */
static void responses_are_encoded_alike(void **state)
{
    (void)state;
    static const char *const blocks[] = {
        "3fe1 01 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6"
        "2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        "4803 3330 37c1 c0bf",
        RESPONSE_3_BLOCK,
    };
    struct hpack_encoder encoder;
    struct buffer block;
    hpack_encoder_init(&encoder);
    hpack_encoder_set_table_bytes_max(&encoder, TABLE_BYTES);
    buffer_init(&block, SCENE_BLOCK_BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
        const struct example *example = &responses_in_huffman[i];
        scene_encode(&encoder, &block, example->fields, HPACK_INDEXED);
        scene_assert_hex(&block, blocks[i]);
        assert_table(&encoder.table, example);
    }
    buffer_deinit(&block);
    hpack_encoder_deinit(&encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_field_is_decoded),
        cmocka_unit_test(requests_are_decoded),
        cmocka_unit_test(responses_are_decoded),
        cmocka_unit_test(a_secret_stays_one),
        cmocka_unit_test(requests_are_encoded_alike),
        cmocka_unit_test(responses_are_encoded_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
