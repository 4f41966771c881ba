#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/proto/shapes_fixture.h"

struct decode_case {
    const char *name;
    const char *type;
    struct text bytes;
    enum status status;
    const char *message; /* in the call's error; NULL: not looked at */
};

static ProtobufCMessage *decode(struct shapes *shapes, const char *type, struct text bytes)
{
    ProtobufCMessage *message = NULL;
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    enum status status = proto_decode(&shapes->call, shapes_type(shapes, type), bytes, &message);
    if (status != STATUS_OK) {
        fail_msg("%s: %.*s", status_name(status), TEXT_ARGUMENTS(shapes->call.error.message));
    }
    return message;
}

static void assert_refused(struct shapes *shapes, const struct decode_case *given)
{
    ProtobufCMessage *message = NULL;
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    enum status status =
        proto_decode(&shapes->call, shapes_type(shapes, given->type), given->bytes, &message);
    struct text error = shapes->call.error.message;
    if (status != given->status) {
        fail_msg("%s: %s (%.*s)", given->name, status_name(status), TEXT_ARGUMENTS(error));
    }
    assert_null(message);
    if (given->message != NULL && !text_equal(error, text_of(given->message))) {
        fail_msg("%s: %.*s", given->name, TEXT_ARGUMENTS(error));
    }
}

static void test_scalars(void **state)
{
    const Shapes__Scalars *message = (const Shapes__Scalars *)decode(
        *state, "shapes.Scalars",
        TEXT("\x09\x00\x00\x00\x00\x00\x00\x21\x40"         /* real = 8.5 */
             "\x15\x00\x00\x80\x3f"                         /* single = 1 */
             "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" /* int32_value = -1 */
             "\x28\xff\xff\xff\xff\x0f"                     /* uint32_value */
             "\x38\x03"                                     /* sint32_value = -2 */
             "\x40\x04"                                     /* sint64_value = 2 */
             "\x4d\x01\x00\x00\x00"                         /* fixed32_value */
             "\x61\xfe\xff\xff\xff\xff\xff\xff\xff"         /* sfixed64_value = -2 */
             "\x68\x02"                                     /* bool_value: not 0 */
             "\x72\x02hi"                                   /* string_value */
             "\x7a\x03\x00\xff\x00"                         /* bytes_value */
             "\x80\x01\x07"));                              /* color = 7, which has no name */
    assert_true(message->real == 8.5);
    assert_true(message->single == 1.0F);
    assert_int_equal(message->int32_value, -1);
    assert_int_equal(message->uint32_value, UINT32_MAX);
    assert_int_equal(message->sint32_value, -2);
    assert_int_equal(message->sint64_value, 2);
    assert_int_equal(message->fixed32_value, 1);
    assert_int_equal(message->sfixed64_value, -2);
    assert_int_equal(message->bool_value, 1);
    assert_true(text_equal(proto_text(message->string_value), TEXT("hi")));
    assert_int_equal(message->bytes_value.len, 3);
    assert_int_equal(message->color, 7);
}

static void test_last_value_wins(void **state)
{
    const Shapes__Leaf *leaf = (const Shapes__Leaf *)decode(*state, "shapes.Leaf",
                                                            TEXT("\x0a\x01"
                                                                 "a\x10\x01\x10\x02\x0a\x01"
                                                                 "b"));
    assert_true(text_equal(proto_text(leaf->text), TEXT("b")));
    assert_int_equal(leaf->number, 2);
}

/* Packed where unpacked is declared, unpacked where packed is, and both. */
static void test_packed_forms(void **state)
{
    const Shapes__Lists *lists = (const Shapes__Lists *)decode(*state, "shapes.Lists",
                                                               TEXT("\x1a\x02\x01\x02" /* int32s */
                                                                    "\x18\x03"
                                                                    "\x1a\x01\x04"
                                                                    "\x22\x02\x05\x06" /* int64s */
                                                                    "\x20\x07"
                                                                    "\x1a\x00"));
    assert_int_equal(lists->n_int32s, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(lists->int32s[i], i + 1);
    }
    assert_int_equal(lists->n_int64s, 3);
    assert_int_equal(lists->int64s[2], 7);
}

/* What protobuf's conformance tests ask of an embedded message that occurs twice. */
static void test_embedded_merge(void **state)
{
    /* tree { label: "a" children { label: "b" } left { label: "l" } }, then
     * tree { label: "c" children { label: "d" } left { children {} } }, and a choice whose oneof is
     * unset both times. */
    const Shapes__All *all = (const Shapes__All *)decode(
        *state, "shapes.All",
        TEXT("\x22\x0d\x0a\x01\x61\x1a\x03\x0a\x01\x62\x12\x03\x0a\x01\x6c"
             "\x2a\x03\x42\x01\x78"
             "\x22\x0c\x0a\x01\x63\x1a\x03\x0a\x01\x64\x12\x02\x1a\x00"
             "\x2a\x00"));
    assert_true(text_equal(proto_text(all->tree->label), TEXT("c")));
    assert_int_equal(all->tree->n_children, 2);
    assert_true(text_equal(proto_text(all->tree->children[1]->label), TEXT("d")));
    assert_true(text_equal(proto_text(all->tree->left->label), TEXT("l")));
    assert_int_equal(all->tree->left->n_children, 1);
    assert_int_equal(all->choice->pick_case, SHAPES__CHOICE__PICK__NOT_SET);
    assert_true(text_equal(proto_text(all->choice->after), TEXT("x")));
}

static void test_unknown_fields(void **state)
{
    struct shapes *shapes = *state;
    struct text bytes = TEXT("\x50\x96\x01"         /* varint */
                             "\x5a\x02hi"           /* length-delimited */
                             "\x65\x01\x02\x03\x04" /* 32 bits */
                             "\x69\x01\x02\x03\x04\x05\x06\x07\x08"
                             "\x73\x08\x01\x0a\x01z\x7b\x7c\x74" /* a group in a group */
                             "\x08\x01"); /* of another wire type than declared */
    const ProtobufCMessage *message = decode(shapes, "shapes.Leaf", bytes);
    assert_int_equal(message->n_unknown_fields, 6);
    assert_true(proto_encode(message, &shapes->buffer));
    assert_true(text_equal(buffer_text(&shapes->buffer), bytes));
}

static void test_oneof(void **state)
{
    const Shapes__Choice *choice =
        (const Shapes__Choice *)decode(*state, "shapes.Choice",
                                       TEXT("\x0a\x01t"         /* text */
                                            "\x22\x02\x10\x07"  /* leaf { number: 7 } */
                                            "\x22\x03\x0a\x01y" /* leaf { text: "y" }: merged */
                                            "\x42\x01z"));      /* after */
    assert_int_equal(choice->pick_case, SHAPES__CHOICE__PICK_LEAF);
    assert_int_equal(choice->leaf->number, 7);
    assert_true(text_equal(proto_text(choice->leaf->text), TEXT("y")));
    choice = (const Shapes__Choice *)decode(*state, "shapes.Choice", TEXT("\x22\x00\x30\x00"));
    assert_int_equal(choice->pick_case, SHAPES__CHOICE__PICK_FLAG);
    assert_int_equal(choice->flag, 0);
}

static void test_bytes_may_go(void **state)
{
    char bytes[] = "\x0a\x05hello";
    const Shapes__Leaf *leaf =
        (const Shapes__Leaf *)decode(*state, "shapes.Leaf", text_of_bytes(bytes, 7));
    memset(bytes, 'x', sizeof(bytes));
    assert_true(text_equal(proto_text(leaf->text), TEXT("hello")));
}

static void test_empty(void **state)
{
    const Shapes__All *all =
        (const Shapes__All *)decode(*state, "shapes.All", (struct text){NULL, 0});
    assert_null(all->tree);
    assert_int_equal(all->n_choices, 0);
}

static void test_bad_text(void **state)
{
    static const struct decode_case cases[] = {
        {"NUL", "shapes.Leaf",
         TEXT_INIT("\x0a\x03"
                   "a\0b"),
         STATUS_INVALID_ARGUMENT, "text is not UTF-8 text without NUL"},
        {"bad UTF-8", "shapes.Leaf", TEXT_INIT("\x0a\x01\xff"), STATUS_INVALID_ARGUMENT,
         "text is not UTF-8 text without NUL"},
        {"surrogate", "shapes.Leaf", TEXT_INIT("\x0a\x03\xed\xa0\x80"), STATUS_INVALID_ARGUMENT,
         NULL},
        {"overlong", "shapes.Leaf", TEXT_INIT("\x0a\x02\xc0\xaf"), STATUS_INVALID_ARGUMENT, NULL},
        {"cut sequence", "shapes.Leaf", TEXT_INIT("\x0a\x02\xe2\x82"), STATUS_INVALID_ARGUMENT,
         NULL},
        {"repeated", "shapes.Lists",
         TEXT_INIT("\x72\x01"
                   "a\x72\x01\xff"),
         STATUS_INVALID_ARGUMENT, "strings[1] is not UTF-8 text without NUL"},
        {"nested", "shapes.All", TEXT_INIT("\x12\x09\x8a\x01\x00\x8a\x01\x03\x0a\x01\x00"),
         STATUS_INVALID_ARGUMENT, "lists.leaves[1].text is not UTF-8 text without NUL"},
        {"map key", "shapes.Maps", TEXT_INIT("\x0a\x03\x0a\x01\xff"), STATUS_INVALID_ARGUMENT,
         "texts[0].key is not UTF-8 text without NUL"},
        {"map value", "shapes.All", TEXT_INIT("\x1a\x05\x0a\x03\x12\x01\x00"),
         STATUS_INVALID_ARGUMENT, "maps.texts[0].value is not UTF-8 text without NUL"},
        {"oneof", "shapes.All", TEXT_INIT("\x3a\x00\x3a\x03\x0a\x01\xff"), STATUS_INVALID_ARGUMENT,
         "choices[1].text is not UTF-8 text without NUL"},
        {"overwritten later", "shapes.Leaf",
         TEXT_INIT("\x0a\x01\xff\x0a\x01"
                   "a"),
         STATUS_INVALID_ARGUMENT, NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_refused(*state, &cases[i]);
    }
}

static void test_malformed(void **state)
{
    static const struct decode_case cases[] = {
        {"key only", "shapes.Leaf", TEXT_INIT("\x0a"), STATUS_INTERNAL,
         "malformed shapes.Leaf message: a field is cut short"},
        {"cut key", "shapes.Leaf", TEXT_INIT("\x8a"), STATUS_INTERNAL, NULL},
        {"cut string", "shapes.Leaf",
         TEXT_INIT("\x0a\x02"
                   "a"),
         STATUS_INTERNAL, NULL},
        {"cut varint", "shapes.Leaf", TEXT_INIT("\x10\x80"), STATUS_INTERNAL, NULL},
        {"long varint", "shapes.Leaf",
         TEXT_INIT("\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), STATUS_INTERNAL, NULL},
        {"cut double", "shapes.Scalars", TEXT_INIT("\x09\x00\x00\x00"), STATUS_INTERNAL, NULL},
        {"cut float", "shapes.Scalars", TEXT_INIT("\x15\x00\x00\x00"), STATUS_INTERNAL, NULL},
        {"huge length", "shapes.Leaf", TEXT_INIT("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
         STATUS_INTERNAL, NULL},
        {"field number 0", "shapes.Leaf", TEXT_INIT("\x02\x00"), STATUS_INTERNAL, NULL},
        {"field number too large", "shapes.Leaf", TEXT_INIT("\x80\x80\x80\x80\x10\x00"),
         STATUS_INTERNAL, NULL},
        {"wire type 6", "shapes.Leaf", TEXT_INIT("\x0e\x00"), STATUS_INTERNAL, NULL},
        {"wire type 7", "shapes.Leaf", TEXT_INIT("\x57\x00"), STATUS_INTERNAL, NULL},
        {"end of no group", "shapes.Leaf", TEXT_INIT("\x54"), STATUS_INTERNAL, NULL},
        {"group without end", "shapes.Leaf", TEXT_INIT("\x53\x08\x01"), STATUS_INTERNAL, NULL},
        {"group with another's end", "shapes.Leaf", TEXT_INIT("\x53\x7b\x54\x7c"), STATUS_INTERNAL,
         "malformed shapes.Leaf message: a group ends with another's number"},
        {"field number 0 in a group", "shapes.Leaf", TEXT_INIT("\x53\x00\x01\x54"), STATUS_INTERNAL,
         "malformed shapes.Leaf message: an unknown group is cut short"},
        {"wire type 7 in a group", "shapes.Leaf", TEXT_INIT("\x53\x0f\x01\x54"), STATUS_INTERNAL,
         NULL},
        {"cut unknown", "shapes.Leaf", TEXT_INIT("\x5a\x05"), STATUS_INTERNAL, NULL},
        {"packed doubles of 9 bytes", "shapes.Lists",
         TEXT_INIT("\x0a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00"), STATUS_INTERNAL, NULL},
        {"cut packed varint", "shapes.Lists", TEXT_INIT("\x1a\x01\x80"), STATUS_INTERNAL, NULL},
        {"nested message past its end", "shapes.All", TEXT_INIT("\x22\x02\x0a\x05hello"),
         STATUS_INTERNAL, "malformed shapes.All message: a field is cut short"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_refused(*state, &cases[i]);
    }
}

/* A tree of `depth` messages in each other, by field `key`; fills `bytes` from the end. */
static struct text nest(char *bytes, size_t size, unsigned depth, char key)
{
    size_t start = size;
    for (unsigned i = 1; i < depth; i++) {
        size_t length = size - start;
        if (length >= 128) {
            bytes[--start] = (char)(length >> 7);
            bytes[--start] = (char)(length | 0x80);
        } else {
            bytes[--start] = (char)length;
        }
        bytes[--start] = key;
    }
    return text_of_bytes(bytes + start, size - start);
}

static void test_depth(void **state)
{
    static const struct {
        char key;
        unsigned depth;
        enum status status;
    } cases[] = {
        {0x12, PROTO_DEPTH_MAX, STATUS_OK},
        {0x12, PROTO_DEPTH_MAX + 1, STATUS_RESOURCE_EXHAUSTED},
        {0x1a, PROTO_DEPTH_MAX, STATUS_OK},
        {0x1a, PROTO_DEPTH_MAX + 1, STATUS_RESOURCE_EXHAUSTED},
        {0x1a, 4000, STATUS_RESOURCE_EXHAUSTED},
    };
    static char bytes[16 * 1024];
    struct shapes *shapes = *state;
    const struct proto_type *type = shapes_type(shapes, "shapes.Tree");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        ProtobufCMessage *message;
        struct text nested = nest(bytes, sizeof(bytes), cases[i].depth, cases[i].key);
        shapes_reset(shapes, SHAPES_ARENA_BYTES);
        enum status status = proto_decode(&shapes->call, type, nested, &message);
        assert_int_equal(status, cases[i].status);
        if (status == STATUS_OK) {
            assert_true(proto_encode(message, &shapes->buffer));
            assert_true(text_equal(buffer_text(&shapes->buffer), nested));
        }
    }
}

/* Unknown groups count as messages do: at the top, and in one message. */
static void test_group_depth(void **state)
{
    static const struct {
        bool inside;
        unsigned groups;
        enum status status;
    } cases[] = {
        {false, PROTO_DEPTH_MAX - 1, STATUS_OK},
        {false, PROTO_DEPTH_MAX, STATUS_RESOURCE_EXHAUSTED},
        {true, PROTO_DEPTH_MAX - 2, STATUS_OK},
        {true, PROTO_DEPTH_MAX - 1, STATUS_RESOURCE_EXHAUSTED},
    };
    static char bytes[3 + 2 * PROTO_DEPTH_MAX];
    struct shapes *shapes = *state;
    const struct proto_type *type = shapes_type(shapes, "shapes.Tree");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        ProtobufCMessage *message;
        size_t length = 2 * (size_t)cases[i].groups;
        bytes[0] = 0x12;
        bytes[1] = (char)(length | 0x80);
        bytes[2] = (char)(length >> 7);
        memset(bytes + 3, 0x53, length / 2);
        memset(bytes + 3 + length / 2, 0x54, length / 2);
        struct text given = text_of_bytes(bytes, 3 + length);
        given = cases[i].inside ? given : text_slice(given, 3, given.length);
        shapes_reset(shapes, SHAPES_ARENA_BYTES);
        enum status status = proto_decode(&shapes->call, type, given, &message);
        assert_int_equal(status, cases[i].status);
        if (status == STATUS_OK) {
            assert_true(proto_encode(message, &shapes->buffer));
            assert_true(text_equal(buffer_text(&shapes->buffer), given));
        }
    }
}

static void test_encode_limit(void **state)
{
    struct shapes *shapes = *state;
    const ProtobufCMessage *message = decode(shapes, "shapes.Leaf", TEXT("\x0a\x05hello\x10\x01"));
    struct buffer small;
    buffer_init(&small, 8);
    assert_false(proto_encode(message, &small));
    assert_int_equal(small.length, 0);
    buffer_deinit(&small);
    buffer_init(&small, 9);
    assert_true(proto_encode(message, &small));
    assert_int_equal(small.length, 9);
    buffer_deinit(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),        cmocka_unit_test(test_last_value_wins),
        cmocka_unit_test(test_packed_forms),   cmocka_unit_test(test_embedded_merge),
        cmocka_unit_test(test_unknown_fields), cmocka_unit_test(test_oneof),
        cmocka_unit_test(test_bytes_may_go),   cmocka_unit_test(test_empty),
        cmocka_unit_test(test_bad_text),       cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_depth),          cmocka_unit_test(test_group_depth),
        cmocka_unit_test(test_encode_limit),
    };
    return cmocka_run_group_tests(tests, shapes_set_up, shapes_tear_down);
}
