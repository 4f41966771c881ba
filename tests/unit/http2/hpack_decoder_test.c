#include "http2/hpack_decoder.h"

#include <stdlib.h>

#include "support/allocation_failure.h"
#include "support/cmocka_test.h"
#include "unit/http2/hpack_scene.h"

static enum hpack_result decode_hex(struct hpack_decoder *decoder, const char *hex)
{
    struct scene_block block CLEANUP(scene_block_free) = scene_block_of_hex(hex);
    return scene_decode(decoder, block.bytes, block.length);
}

static void what_is_malformed_is_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *block;
        enum hpack_result want;
    } cases[] = {
        {"nothing", "", HPACK_END},
        {"index 0", "80", HPACK_INDEX_UNKNOWN},
        {"last of the static table", "bd", HPACK_END},
        {"first of an empty table", "be", HPACK_INDEX_UNKNOWN},
        {"first of a table with an entry", "4001610162 be", HPACK_END},
        {"second of a table with an entry", "4001610162 bf", HPACK_INDEX_UNKNOWN},
        {"huge index", "ffffffffff0f", HPACK_INTEGER_TOO_LARGE},
        {"large index", "ff80808007", HPACK_INDEX_UNKNOWN},
        {"index in two bytes", "4001610162 ff00", HPACK_INDEX_UNKNOWN},
        {"index cut off", "ff", HPACK_TRUNCATED},
        {"index cut off later", "ff80", HPACK_TRUNCATED},
        {"index with a byte of no use", "ff8000", HPACK_INDEX_UNKNOWN},
        {"largest integer", "ff80ffffff0f", HPACK_INDEX_UNKNOWN},
        {"integer above 32 bits", "ff80ffffff1f", HPACK_INTEGER_TOO_LARGE},
        {"integer of six bytes", "ff808080808000", HPACK_INTEGER_TOO_LARGE},
        {"name of an unknown index", "7e0161", HPACK_INDEX_UNKNOWN},
        {"name of an unknown index, not indexed", "0f2f0161", HPACK_INDEX_UNKNOWN},
        {"no name", "40", HPACK_TRUNCATED},
        {"no value", "400161", HPACK_TRUNCATED},
        {"no value behind an index", "01", HPACK_TRUNCATED},
        {"short name", "400261", HPACK_TRUNCATED},
        {"short value", "4001610262", HPACK_TRUNCATED},
        {"length cut off", "400161 7f", HPACK_TRUNCATED},
        {"empty name and value", "400000", HPACK_END},
        {"length above the limit", "400161 7fff03 00", HPACK_TRUNCATED},
        {"length far above the limit", "40 7f82ff03", HPACK_STRING_TOO_LONG},
        {"Huffman of nothing", "4001 6180", HPACK_END},
        {"padding of zeros", "400161 81 00", HPACK_HUFFMAN_MALFORMED},
        {"padding of 7 bits", "400161 83 02aaff", HPACK_END},
        {"padding of ones", "400161 81 07", HPACK_END},
        {"padding with a zero", "400161 81 06", HPACK_HUFFMAN_MALFORMED},
        {"padding of 8 bits", "400161 82 07ff", HPACK_HUFFMAN_MALFORMED},
        {"padding alone", "400161 81 ff", HPACK_HUFFMAN_MALFORMED},
        {"EOS", "400161 84 ffffffff", HPACK_HUFFMAN_MALFORMED},
        {"EOS between", "400161 8a 07ffffffff0707070707", HPACK_HUFFMAN_MALFORMED},
        {"EOS before many", "400161 8c fffffffc 0707070707070707", HPACK_HUFFMAN_MALFORMED},
        {"longest code", "400161 84 fffffff3", HPACK_END},
        {"a code cut off", "400161 83 fffffe", HPACK_HUFFMAN_MALFORMED},
        {"malformed name", "4081 00 0161", HPACK_HUFFMAN_MALFORMED},
        {"table of no size", "20 82", HPACK_END},
        {"table of its limit", "3fe11f 82", HPACK_END},
        {"table above its limit", "3fe21f 82", HPACK_TABLE_UPDATE_TOO_LARGE},
        {"two sizes", "20 3fe11f 82", HPACK_END},
        {"a size alone", "20", HPACK_END},
        {"a size behind a field", "82 20", HPACK_TABLE_UPDATE_MISPLACED},
        {"a size cut off", "3f", HPACK_TRUNCATED},
        {"a huge size", "3fffffffff1f", HPACK_INTEGER_TOO_LARGE},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct hpack_decoder decoder;
        hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
        enum hpack_result got = decode_hex(&decoder, cases[i].block);
        if (got != cases[i].want) {
            fail_msg("%s: %s", cases[i].name, hpack_result_name(got));
        }
        hpack_decoder_deinit(&decoder);
    }
}

static void a_size_may_stand_before_each_block(void **state)
{
    (void)state;
    struct hpack_decoder decoder;
    hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
    assert_int_equal(decode_hex(&decoder, "82 4001610162 be"), HPACK_END);
    assert_int_equal(decode_hex(&decoder, "20 82"), HPACK_END);
    assert_int_equal(decoder.table.count, 0);
    assert_int_equal(decode_hex(&decoder, "4001610162 82"), HPACK_END); /* does not fit */
    assert_int_equal(decoder.table.count, 0);
    assert_int_equal(decode_hex(&decoder, "3f03 4001610162 be"), HPACK_END); /* 34 bytes */
    assert_int_equal(decoder.table.bytes, 34);
    hpack_decoder_deinit(&decoder);
}

static void a_larger_table_is_allowed_when_it_was_offered(void **state)
{
    (void)state;
    struct hpack_decoder decoder;
    hpack_decoder_init(&decoder, 2 * HPACK_TABLE_BYTES_DEFAULT);
    assert_int_equal(decoder.table.bytes_max, HPACK_TABLE_BYTES_DEFAULT);
    assert_int_equal(decode_hex(&decoder, "3fe13f 82"), HPACK_END);
    assert_int_equal(decoder.table.bytes_max, 2 * HPACK_TABLE_BYTES_DEFAULT);
    assert_int_equal(decode_hex(&decoder, "3fe23f 82"), HPACK_TABLE_UPDATE_TOO_LARGE);
    hpack_decoder_deinit(&decoder);
}

/* Every beginning of a block is cut off, or ends where a field does. */
static void nothing_is_read_beyond_the_end(void **state)
{
    (void)state;
    struct scene_block block CLEANUP(scene_block_free) =
        scene_block_of_hex("3fe11f 82 418cf1e3c2e5f23a6ba0ab90f4ff 5886a8eb10649cbf 0f2d0161"
                           "4088 25a849e95ba97d7f8925a849e95bb8e8b4bf be");
    unsigned whole = 0;
    for (size_t length = 0; length <= block.length; length++) {
        struct hpack_decoder decoder;
        hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
        uint8_t *part = malloc(length + 1);
        assert_non_null(part);
        memcpy(part + 1, block.bytes, length); /* its end is the allocation's */
        enum hpack_result result = scene_decode(&decoder, part + 1, length);
        assert_true(result == HPACK_END || result == HPACK_TRUNCATED);
        whole += result == HPACK_END;
        free(part);
        hpack_decoder_deinit(&decoder);
    }
    assert_int_equal(whole, 8);
}

static enum hpack_result decode_value_of(size_t length)
{
    struct hpack_decoder decoder;
    struct hpack_encoder encoder;
    char *value = malloc(length);
    assert_non_null(value);
    memset(value, 'v', length);
    struct hpack_field field = {.name = TEXT("name"), .value = {value, length}};
    uint8_t *block = malloc(hpack_encoded_bytes_max(&field));
    assert_non_null(block);
    hpack_encoder_init(&encoder);
    hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
    const uint8_t *end = hpack_encode(&encoder, block, &field, HPACK_NOT_INDEXED);
    enum hpack_result result = scene_decode(&decoder, block, (size_t)(end - block));
    hpack_encoder_deinit(&encoder);
    hpack_decoder_deinit(&decoder);
    free(block);
    free(value);
    return result;
}

static void strings_have_a_limit(void **state)
{
    (void)state;
    assert_int_equal(decode_value_of(HPACK_STRING_BYTES_MAX), HPACK_END);
    assert_int_equal(decode_value_of(HPACK_STRING_BYTES_MAX + 1), HPACK_STRING_TOO_LONG);
}

/* 128 entries of 32 bytes fill the table to its brim. */
static void the_oldest_entry_makes_room(void **state)
{
    (void)state;
    struct hpack_decoder decoder;
    hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(decode_hex(&decoder, "400000"), HPACK_END);
        uint32_t want = i + 1 < 128 ? (uint32_t)i + 1 : 128;
        assert_int_equal(decoder.table.count, want);
        assert_int_equal(decoder.table.bytes, want * HPACK_ENTRY_OVERHEAD_BYTES);
    }
    assert_int_equal(decode_hex(&decoder, "ff3e"), HPACK_END);           /* 61 + 128 */
    assert_int_equal(decode_hex(&decoder, "ff3f"), HPACK_INDEX_UNKNOWN); /* 61 + 129 */
    hpack_decoder_deinit(&decoder);
}

/* The bytes of a table move when they reach the end of its memory. */
static void a_field_outlives_those_that_come_after_it(void **state)
{
    (void)state;
    struct hpack_decoder decoder;
    struct hpack_encoder encoder;
    uint8_t block[512];
    hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
    hpack_encoder_init(&encoder);
    for (unsigned i = 0; i < 3000; i++) {
        char value[100];
        memset(value, (int)('a' + i % 26), sizeof(value));
        struct hpack_field field = {.name = TEXT("name"), .value = {value, i % sizeof(value)}};
        const uint8_t *at = block;
        const uint8_t *end = hpack_encode(&encoder, block, &field, HPACK_INDEXED);
        struct hpack_field got;
        assert_int_equal(hpack_decode(&decoder, &at, end, &got), HPACK_FIELD);
        assert_true(text_equal(got.name, field.name) && text_equal(got.value, field.value));
        assert_int_equal(hpack_decode(&decoder, &at, end, &got), HPACK_END);
        assert_int_equal(decoder.table.bytes, encoder.table.bytes);
        assert_int_equal(decoder.table.count, encoder.table.count);
    }
    assert_true(decoder.table.capacity <= 2 * HPACK_TABLE_BYTES_DEFAULT);
    hpack_encoder_deinit(&encoder);
    hpack_decoder_deinit(&decoder);
}

/* RFC 7541 section 4.4: the name is that of an entry which the new one drives out. */
static void a_name_may_come_from_an_entry_that_is_evicted(void **state)
{
    (void)state;
    static const struct scene_field first[] = {{"custom", "1"}, {NULL, NULL}};
    static const struct scene_field second[] = {{"custom", "22"}, {NULL, NULL}};
    struct hpack_decoder decoder;
    hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
    scene_assert_decodes(&decoder, "3f09 4006 637573746f6d 0131", first); /* 40 bytes */
    assert_int_equal(decoder.table.count, 1);
    scene_assert_decodes(&decoder, "7e 023232", second);
    assert_int_equal(decoder.table.count, 1);
    scene_assert_decodes(&decoder, "be", second);
    static const struct scene_field third[] = {{"custom", "333"}, {NULL, NULL}};
    scene_assert_decodes(&decoder, "7e 03333333", third); /* 41 bytes: too large */
    assert_int_equal(decoder.table.count, 0);
    hpack_decoder_deinit(&decoder);
}

static void fields_are_checked_once_and_for_all(void **state)
{
    (void)state;
    static const struct {
        const char *block;
        bool is_valid;
    } cases[] = {
        {"40 0161 0162", true},
        {"40 0141 0162", false},                  /* a capital */
        {"40 00 0162", false},                    /* no name */
        {"40 023a61 0162", false},                /* a pseudo-header that nobody knows */
        {"40 093a70726f746f636f6c 0161", true},   /* :protocol */
        {"40 026120 0162", false},                /* a space */
        {"40 0361c3a4 0162", false},              /* beyond ASCII */
        {"40 0161 00", true},                     /* no value */
        {"40 0161 03206220", true},               /* spaces around */
        {"40 0161 03620962", true},               /* a tab */
        {"40 0161 03620a62", false},              /* a line feed */
        {"40 0161 0100", false},                  /* NUL */
        {"40 0161 017f", false},                  /* DEL */
        {"40 0161 02c3a4", true},                 /* beyond ASCII */
        {"40 0161 096262626262626262 0a", false}, /* the ninth byte */
        {"40 0161 09 6262620962626262c3", true},  /* a tab and more in a long value */
        {"40 0161 09 62626262 0d 62626262", false},
        {"40 0161 08 627f626262626262", false},
        {"41 020d0a", false}, /* :authority */
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct hpack_decoder decoder;
        struct scene_block block CLEANUP(scene_block_free) = scene_block_of_hex(cases[i].block);
        const uint8_t *at = block.bytes;
        static const uint8_t again[] = {0xbe};
        struct hpack_field field;
        hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
        assert_int_equal(hpack_decode(&decoder, &at, block.bytes + block.length, &field),
                         HPACK_FIELD);
        if (field.is_valid != cases[i].is_valid) {
            fail_msg("%s", cases[i].block);
        }
        at = again;
        assert_int_equal(hpack_decode(&decoder, &at, again + 1, &field), HPACK_FIELD);
        assert_int_equal(field.is_valid, cases[i].is_valid);
        hpack_decoder_deinit(&decoder);
    }
}

/* A block that needs the table, its entries and the scratch. */
static enum hpack_result decode_without_memory(uint64_t nth, bool *ret_failed)
{
    struct hpack_decoder decoder;
    struct scene_block block CLEANUP(scene_block_free) =
        scene_block_of_hex("418cf1e3c2e5f23a6ba0ab90f4ff 408825a849e95ba97d7f8925a849e95bb8e8b4bf");
    hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
    allocation_failure_arm(nth, false);
    enum hpack_result result = scene_decode(&decoder, block.bytes, block.length);
    *ret_failed = allocation_failure_disarm();
    hpack_decoder_deinit(&decoder);
    return result;
}

static void it_ends_without_memory(void **state)
{
    (void)state;
    if (!allocation_failure_is_kept()) {
        skip();
    }
    int64_t live_blocks = allocation_failure_live_blocks();
    uint64_t nth = 1;
    bool failed = true;
    for (; failed; nth++) {
        enum hpack_result result = decode_without_memory(nth, &failed);
        assert_int_equal(result, failed ? HPACK_NO_MEMORY : HPACK_END);
    }
    assert_true(nth > 3);
    assert_int_equal(allocation_failure_live_blocks(), live_blocks);
}

static void it_takes_no_memory_for_fields_that_are_not_indexed(void **state)
{
    (void)state;
    if (!allocation_failure_is_kept()) {
        skip();
    }
    struct hpack_decoder decoder;
    struct scene_block block CLEANUP(scene_block_free) =
        scene_block_of_hex("82 86 84 040c2f73616d706c652f70617468");
    hpack_decoder_init(&decoder, HPACK_TABLE_BYTES_DEFAULT);
    allocation_failure_arm(1, true);
    enum hpack_result result = scene_decode(&decoder, block.bytes, block.length);
    assert_false(allocation_failure_disarm());
    assert_int_equal(result, HPACK_END);
    hpack_decoder_deinit(&decoder);
}

static void each_token_is_found_by_its_name(void **state)
{
    (void)state;
    for (int token = HPACK_TOKEN_NONE + 1; token < HPACK_TOKEN_COUNT; token++) {
        struct text name = hpack_token_name((enum hpack_token)token);
        assert_int_equal(hpack_token_of(name), token);
        assert_int_equal(hpack_token_of(text_slice(name, 0, name.length - 1)) == (unsigned)token,
                         false);
    }
    static const char *const others[] = {"", "x", "grpc-statu", "grpc-statuz", "Te", "x-custom"};
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        assert_int_equal(hpack_token_of(text_of(others[i])), HPACK_TOKEN_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_malformed_is_told_apart),
        cmocka_unit_test(a_size_may_stand_before_each_block),
        cmocka_unit_test(a_larger_table_is_allowed_when_it_was_offered),
        cmocka_unit_test(nothing_is_read_beyond_the_end),
        cmocka_unit_test(strings_have_a_limit),
        cmocka_unit_test(the_oldest_entry_makes_room),
        cmocka_unit_test(a_field_outlives_those_that_come_after_it),
        cmocka_unit_test(a_name_may_come_from_an_entry_that_is_evicted),
        cmocka_unit_test(fields_are_checked_once_and_for_all),
        cmocka_unit_test(it_ends_without_memory),
        cmocka_unit_test(it_takes_no_memory_for_fields_that_are_not_indexed),
        cmocka_unit_test(each_token_is_found_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
