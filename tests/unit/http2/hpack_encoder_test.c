#include "http2/hpack_encoder.h"

#include "support/allocation_failure.h"
#include "support/cmocka_test.h"
#include "unit/http2/hpack_scene.h"

struct scene {
    struct hpack_encoder encoder;
    struct hpack_decoder decoder;
    uint8_t block[16384];
};

static void begin(struct scene *scene)
{
    hpack_encoder_init(&scene->encoder);
    hpack_decoder_init(&scene->decoder, HPACK_TABLE_BYTES_DEFAULT);
}

static void end(struct scene *scene)
{
    hpack_encoder_deinit(&scene->encoder);
    hpack_decoder_deinit(&scene->decoder);
}

/* Encodes a block of one field, and has it decoded. Returns how long it was. */
static size_t send_field(struct scene *scene, const struct hpack_field *field,
                         enum hpack_indexing indexing)
{
    const uint8_t *at = scene->block;
    const uint8_t *stop = hpack_encode(&scene->encoder, scene->block, field, indexing);
    size_t length = (size_t)(stop - at);
    assert_true(length <= hpack_encoded_bytes_max(field));
    struct hpack_field got;
    assert_int_equal(hpack_decode(&scene->decoder, &at, stop, &got), HPACK_FIELD);
    assert_true(text_equal(got.name, field->name) && text_equal(got.value, field->value));
    assert_int_equal(got.token, field->token);
    assert_int_equal(hpack_decode(&scene->decoder, &at, stop, &got), HPACK_END);
    assert_int_equal(scene->encoder.table.bytes, scene->decoder.table.bytes);
    assert_int_equal(scene->encoder.table.count, scene->decoder.table.count);
    return length;
}

static size_t send(struct scene *scene, const char *name, const char *value,
                   enum hpack_indexing indexing)
{
    struct hpack_field field = scene_field(name, value);
    return send_field(scene, &field, indexing);
}

static void what_repeats_is_one_byte(void **state)
{
    (void)state;
    static const struct scene_field fields[] = {
        {":method", "POST"},
        {":scheme", "http"},
        {":path", "/package.Service/Get"},
        {":authority", "host:80"},
        {"te", "trailers"},
        {"content-type", "application/grpc"},
        {"user-agent", "marquee"},
        {"x-custom", "its value"},
        {"x-custom", "another"},
        {"x-other", "its value"},
        {"accept-encoding", "gzip"},
        {"grpc-accept-encoding", "gzip"},
        {":status", "200"},
        {":status", "299"},
        {"x-empty", ""},
    };
    struct scene scene;
    begin(&scene);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
            size_t length = send(&scene, fields[i].name, fields[i].value, HPACK_INDEXED);
            assert_true(round == 0 || length == 1);
        }
    }
    end(&scene);
}

/* As many paths as the table has room for, whatever their order. */
static void values_of_one_name_do_not_drive_each_other_out(void **state)
{
    (void)state;
    enum { PATHS = 40 };
    struct scene scene;
    begin(&scene);
    size_t bytes[2] = {0, 0};
    for (unsigned i = 0; i < 10 * PATHS; i++) {
        char path[] = "/package.Service/Method00";
        unsigned number = i * 7 % PATHS;
        path[sizeof(path) - 3] = (char)('0' + number / 10);
        path[sizeof(path) - 2] = (char)('0' + number % 10);
        bytes[i >= PATHS] += send(&scene, ":path", path, HPACK_INDEXED);
    }
    assert_true(bytes[0] > PATHS * 10);
    assert_true(bytes[1] < (size_t)9 * PATHS * 3 / 2); /* sets of equal hashes may overflow */
    end(&scene);
}

static void a_changing_value_leaves_its_name_in_the_table(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_int_equal(send(&scene, "grpc-timeout", "1S", HPACK_NAME_INDEXED), 14);
    assert_int_equal(scene.encoder.table.count, 1);
    assert_int_equal(send(&scene, "grpc-timeout", "2S", HPACK_NAME_INDEXED), 5);
    assert_int_equal(send(&scene, "grpc-timeout", "1S", HPACK_NAME_INDEXED), 1);
    assert_int_equal(send(&scene, "x-own", "1", HPACK_NAME_INDEXED), 8);
    assert_int_equal(send(&scene, "x-own", "2", HPACK_NAME_INDEXED), 4);
    /* A name of the static table is there already. */
    assert_int_equal(send(&scene, ":path", "/a?id=1", HPACK_NAME_INDEXED), 9);
    assert_int_equal(scene.encoder.table.count, 2);
    end(&scene);
}

static void what_is_not_to_be_indexed_is_not(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(send(&scene, "x-own", "1", HPACK_NOT_INDEXED), 9);
        assert_int_equal(send(&scene, "authorization", "secret", HPACK_NEVER_INDEXED), 9);
        assert_int_equal(scene.block[0], 0x1f);
        assert_int_equal(scene.encoder.table.count, 0);
    }
    end(&scene);
}

static void a_large_field_does_not_drive_out_the_others(void **state)
{
    (void)state;
    struct scene scene;
    char value[HPACK_ENCODER_TABLE_BYTES_MAX];
    memset(value, 'v', sizeof(value));
    struct hpack_field field = {.name = TEXT("x-large"), .value = {value, 0}};
    begin(&scene);
    size_t room = HPACK_ENCODER_TABLE_BYTES_MAX / 2 - HPACK_ENTRY_OVERHEAD_BYTES;
    field.value.length = room - field.name.length + 1;
    (void)send_field(&scene, &field, HPACK_INDEXED);
    assert_int_equal(scene.encoder.table.count, 0);
    field.value.length--;
    (void)send_field(&scene, &field, HPACK_INDEXED);
    assert_int_equal(scene.encoder.table.count, 1);
    field.value.length = sizeof(value);
    (void)send_field(&scene, &field, HPACK_INDEXED);
    assert_int_equal(scene.encoder.table.count, 1);
    end(&scene);
}

static size_t send_preset(struct scene *scene, struct hpack_preset *preset)
{
    const uint8_t *at = scene->block;
    const uint8_t *stop = hpack_encode_preset(&scene->encoder, scene->block, preset);
    size_t length = (size_t)(stop - at);
    assert_true(length <= preset->bytes_max);
    for (size_t i = 0; i < preset->count; i++) {
        struct hpack_field got;
        assert_int_equal(hpack_decode(&scene->decoder, &at, stop, &got), HPACK_FIELD);
        assert_true(text_equal(got.name, preset->fields[i].name));
        assert_true(text_equal(got.value, preset->fields[i].value));
    }
    struct hpack_field none;
    assert_int_equal(hpack_decode(&scene->decoder, &at, stop, &none), HPACK_END);
    assert_int_equal(scene->encoder.table.bytes, scene->decoder.table.bytes);
    return length;
}

/* Whatever happens to the table between its blocks. */
static void a_preset_is_remembered_while_the_table_stays(void **state)
{
    (void)state;
    const struct hpack_field fields[] = {
        hpack_known_field(HPACK_TOKEN_METHOD, TEXT("POST")),
        hpack_known_field(HPACK_TOKEN_AUTHORITY, TEXT("host:80")),
        hpack_known_field(HPACK_TOKEN_TE, TEXT("trailers")),
    };
    struct hpack_preset preset;
    struct scene scene;
    begin(&scene);
    hpack_preset_init(&preset, fields, ARRAY_LENGTH(fields));
    assert_true(send_preset(&scene, &preset) > ARRAY_LENGTH(fields));
    assert_int_equal(preset.length, 0); /* it has changed the table itself */
    assert_int_equal(send_preset(&scene, &preset), ARRAY_LENGTH(fields));
    assert_int_equal(preset.length, ARRAY_LENGTH(fields));
    assert_int_equal(send_preset(&scene, &preset), ARRAY_LENGTH(fields));
    /* Another field moves them to other places. */
    (void)send(&scene, "x-own", "1", HPACK_INDEXED);
    assert_int_equal(send_preset(&scene, &preset), ARRAY_LENGTH(fields));
    /* A smaller table forgets them, and says so first. */
    hpack_encoder_set_table_bytes_max(&scene.encoder, 0);
    assert_true(send_preset(&scene, &preset) > ARRAY_LENGTH(fields));
    assert_int_equal(preset.length, 0);
    hpack_encoder_set_table_bytes_max(&scene.encoder, 4096);
    assert_true(send_preset(&scene, &preset) > ARRAY_LENGTH(fields));
    assert_int_equal(send_preset(&scene, &preset), ARRAY_LENGTH(fields));
    end(&scene);
}

static void a_preset_of_many_bytes_is_encoded_each_time(void **state)
{
    (void)state;
    char value[HPACK_PRESET_BYTES_MAX + 1];
    memset(value, 'v', sizeof(value));
    const struct hpack_field field = {
        .name = TEXT("x-own"), .value = {value, sizeof(value)}, .sensitive = true};
    struct hpack_preset preset;
    struct scene scene;
    begin(&scene);
    hpack_preset_init(&preset, &field, 1);
    for (int i = 0; i < 2; i++) {
        assert_true(send_preset(&scene, &preset) > HPACK_PRESET_BYTES_MAX);
        assert_int_equal(preset.length, 0);
    }
    end(&scene);
}

/* RFC 7541 section 4.2. */
static void the_peers_table_size_is_followed(void **state)
{
    (void)state;
    static const struct {
        uint32_t sizes[3]; /* up to a 1 */
        const char *updates;
        uint32_t count; /* of entries, of the 3 that were there */
    } cases[] = {
        {{4096, 1}, "", 3},
        {{65536, 1}, "", 3},
        {{0, 1}, "20", 0},
        {{0, 4096, 1}, "20 3fe11f", 0},
        {{4096, 0, 4096}, "20 3fe11f", 0},
        {{100, 1}, "3f45", 2},
        {{200, 100, 300}, "3f45 3f8d02", 2},
        {{300, 100000, 1}, "3f8d02 3fe11f", 3},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct scene scene;
        begin(&scene);
        (void)send(&scene, "x-own", "1", HPACK_INDEXED);
        (void)send(&scene, "x-own", "2", HPACK_INDEXED);
        (void)send(&scene, "x-own", "3", HPACK_INDEXED);
        for (size_t j = 0; j < ARRAY_LENGTH(cases[i].sizes) && cases[i].sizes[j] != 1; j++) {
            hpack_encoder_set_table_bytes_max(&scene.encoder, cases[i].sizes[j]);
        }
        struct scene_block updates CLEANUP(scene_block_free) = scene_block_of_hex(cases[i].updates);
        size_t length = send(&scene, ":method", "GET", HPACK_INDEXED);
        assert_int_equal(length, updates.length + 1);
        assert_true(updates.length == 0 || memcmp(scene.block, updates.bytes, updates.length) == 0);
        assert_int_equal(scene.encoder.table.count, cases[i].count);
        assert_int_equal(send(&scene, ":method", "GET", HPACK_INDEXED), 1);
        end(&scene);
    }
}

static void without_memory_it_indexes_nothing(void **state)
{
    (void)state;
    if (!allocation_failure_is_kept()) {
        skip();
    }
    struct scene scene;
    bool failed = true;
    uint64_t nth = 1;
    for (; failed; nth++) {
        struct hpack_field field = scene_field("x-own", "its value");
        begin(&scene);
        for (int round = 0; round < 3; round++) {
            if (round == 0) {
                allocation_failure_arm(nth, false);
            }
            const uint8_t *at = scene.block;
            const uint8_t *stop = hpack_encode(&scene.encoder, scene.block, &field, HPACK_INDEXED);
            failed = round == 0 ? allocation_failure_disarm() : failed;
            struct hpack_field got;
            assert_int_equal(hpack_decode(&scene.decoder, &at, stop, &got), HPACK_FIELD);
            assert_true(text_equal(got.value, field.value));
            assert_true(at == stop);
            assert_true(round < 2 || stop - scene.block == 1);
        }
        end(&scene);
    }
    assert_true(nth > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_repeats_is_one_byte),
        cmocka_unit_test(values_of_one_name_do_not_drive_each_other_out),
        cmocka_unit_test(a_changing_value_leaves_its_name_in_the_table),
        cmocka_unit_test(what_is_not_to_be_indexed_is_not),
        cmocka_unit_test(a_large_field_does_not_drive_out_the_others),
        cmocka_unit_test(a_preset_is_remembered_while_the_table_stays),
        cmocka_unit_test(a_preset_of_many_bytes_is_encoded_each_time),
        cmocka_unit_test(the_peers_table_size_is_followed),
        cmocka_unit_test(without_memory_it_indexes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
