/* What is written is what protobuf-c writes, wherever it is written to and however little room
 * there is at first. */
#include "movie.pb-c.h"
#include "support/cmocka_test.h"
#include "unit/proto/shapes_fixture.h"
#include "unit/proto/shapes_random.h"

enum {
    MESSAGE_COUNT = 300,
    MESSAGE_DEPTH = 5,
    HEAD_BYTES = 5,
    LARGE_BYTES = 100 * 1000,
    MESSAGES_MAX = 512,
    BLOB_BYTES = 1000,
    BLOB_COUNT = 20
};

extern const unsigned char marquee_movie_proto_descriptor_set[];
extern const size_t marquee_movie_proto_descriptor_set_size;

static struct text pack(struct arena *arena, const ProtobufCMessage *message)
{
    size_t length = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = arena_alloc(arena, length);
    assert_non_null(bytes);
    assert_int_equal(protobuf_c_message_pack(message, bytes), length);
    return text_of_bytes(bytes, length);
}

static struct text encode_in_arena(struct arena *arena, const ProtobufCMessage *message)
{
    size_t length;
    char *bytes = proto_encode_in_arena(message, HEAD_BYTES, arena, &length);
    assert_non_null(bytes);
    memset(bytes, 0xaa, HEAD_BYTES);
    return (struct text){bytes + HEAD_BYTES, length};
}

static void check_like_protobuf_c(struct shapes *shapes, const struct proto_type *type)
{
    for (uint64_t seed = 1; seed <= MESSAGE_COUNT; seed++) {
        struct shapes_random random = {&shapes->arena, seed * UINT64_C(0x9e3779b97f4a7c15), true};
        shapes_reset(shapes, SHAPES_ARENA_BYTES);
        const ProtobufCMessage *message = shapes_random_message(&random, type, MESSAGE_DEPTH);
        struct text packed = pack(&shapes->arena, message);
        assert_true(proto_encode(message, &shapes->buffer));
        if (!text_equal(buffer_text(&shapes->buffer), packed) ||
            !text_equal(encode_in_arena(&shapes->arena, message), packed)) {
            fail_msg("%.*s of seed %lu differs", TEXT_ARGUMENTS(type->full_name),
                     (unsigned long)seed);
        }
    }
}

static void every_shape_is_as_protobuf_c_packs_it(void **state)
{
    static const char *const names[] = {"shapes.All",    "shapes.Scalars", "shapes.Lists",
                                        "shapes.Maps",   "shapes.Tree",    "shapes.Choice",
                                        "shapes.Nothing"};
    struct shapes *shapes = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        check_like_protobuf_c(shapes, shapes_type(shapes, names[i]));
    }
}

/* Of all that are sent or received; what they hold is in them. */
static void every_message_of_ours_is_as_protobuf_c_packs_it(void **state)
{
    static const ProtobufCServiceDescriptor *const services[] = {
        &metadata_service__descriptor, &rating_service__descriptor, &movie_service__descriptor,
        &review_service__descriptor, &recommendation_service__descriptor};
    const ProtobufCMessageDescriptor *roots[MESSAGES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(services); i++) {
        for (unsigned j = 0; j < services[i]->n_methods; j++) {
            assert_true(count + 2 <= MESSAGES_MAX);
            roots[count++] = services[i]->methods[j].input;
            roots[count++] = services[i]->methods[j].output;
        }
    }
    struct shapes *shapes = *state;
    const struct proto_descriptor_set set = {marquee_movie_proto_descriptor_set,
                                             marquee_movie_proto_descriptor_set_size};
    struct proto_pool *pool;
    assert_int_equal(proto_pool_create(&set, 1, roots, count, &pool), STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        check_like_protobuf_c(shapes, proto_pool_type(pool, roots[i]));
    }
    proto_pool_destroy(pool);
}

static const ProtobufCMessage *decode(struct shapes *shapes, const char *type, struct text bytes)
{
    ProtobufCMessage *message = NULL;
    assert_int_equal(proto_decode(&shapes->call, shapes_type(shapes, type), bytes, &message),
                     STATUS_OK);
    return message;
}

/* What came is what goes, though the order of the known fields is ours. */
static void unknown_fields_follow_the_known_ones(void **state)
{
    struct shapes *shapes = *state;
    const ProtobufCMessage *message =
        decode(shapes, "shapes.Leaf", TEXT("\x1a\x01x\x10\x01\x25\x01\x02\x03\x04\x0a\x01y"));
    assert_true(proto_encode(message, &shapes->buffer));
    assert_true(text_equal(buffer_text(&shapes->buffer),
                           TEXT("\x0a\x01y\x10\x01\x1a\x01x\x25\x01\x02\x03\x04")));
}

/* protobuf-c takes it for zero, and leaves it out. */
static void a_negative_zero_is_a_value(void **state)
{
    struct shapes *shapes = *state;
    Shapes__Scalars scalars = SHAPES__SCALARS__INIT;
    scalars.real = -0.0;
    scalars.single = -0.0F;
    assert_true(proto_encode(&scalars.base, &shapes->buffer));
    assert_true(
        text_equal(buffer_text(&shapes->buffer), TEXT("\x09\0\0\0\0\0\0\0\x80\x15\0\0\0\x80")));
}

static void a_message_follows_what_the_buffer_holds(void **state)
{
    struct shapes *shapes = *state;
    static uint8_t large[LARGE_BYTES];
    memset(large, 'z', sizeof(large));
    Shapes__Leaf leaf = SHAPES__LEAF__INIT;
    leaf.number = -1;
    for (size_t length = 0; length <= LARGE_BYTES; length = 3 * length + 1) {
        shapes_reset(shapes, SHAPES_ARENA_BYTES);
        leaf.text = (ProtobufCBinaryData){length, large};
        struct text packed = pack(&shapes->arena, &leaf.base);
        assert_true(buffer_append(&shapes->buffer, TEXT("before")));
        assert_true(proto_encode(&leaf.base, &shapes->buffer));
        struct text all = buffer_text(&shapes->buffer);
        assert_true(text_equal(text_slice(all, 0, 6), TEXT("before")));
        assert_true(text_equal(text_slice(all, 6, all.length), packed));
    }
}

/* Below what the message takes, nothing is taken. */
static void an_arena_takes_what_fits_to_the_byte(void **state)
{
    struct shapes *shapes = *state;
    static uint8_t bytes_of_all[BLOB_BYTES];
    ProtobufCBinaryData blobs[BLOB_COUNT];
    Shapes__Lists lists = SHAPES__LISTS__INIT;
    for (size_t i = 0; i < BLOB_COUNT; i++) {
        blobs[i] = (ProtobufCBinaryData){BLOB_BYTES, bytes_of_all};
    }
    lists.blobs = blobs;
    lists.n_blobs = BLOB_COUNT;
    size_t needed = HEAD_BYTES + pack(&shapes->arena, &lists.base).length;
    struct arena arena;
    for (size_t cap = 0; cap <= needed; cap += cap + 97 < needed ? 97 : 1) {
        size_t length;
        arena_init(&arena, cap);
        char *bytes = proto_encode_in_arena(&lists.base, HEAD_BYTES, &arena, &length);
        assert_int_equal(bytes != NULL, cap == needed);
        assert_int_equal(arena_used_bytes(&arena), bytes != NULL ? needed : 0);
        arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_shape_is_as_protobuf_c_packs_it, shapes_set_up,
                                        shapes_tear_down),
        cmocka_unit_test_setup_teardown(every_message_of_ours_is_as_protobuf_c_packs_it,
                                        shapes_set_up, shapes_tear_down),
        cmocka_unit_test_setup_teardown(unknown_fields_follow_the_known_ones, shapes_set_up,
                                        shapes_tear_down),
        cmocka_unit_test_setup_teardown(a_negative_zero_is_a_value, shapes_set_up,
                                        shapes_tear_down),
        cmocka_unit_test_setup_teardown(a_message_follows_what_the_buffer_holds, shapes_set_up,
                                        shapes_tear_down),
        cmocka_unit_test_setup_teardown(an_arena_takes_what_fits_to_the_byte, shapes_set_up,
                                        shapes_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
