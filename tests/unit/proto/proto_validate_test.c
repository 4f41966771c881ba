#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "proto/proto_place.h"
#include "unit/proto/shapes_fixture.h"

static enum status validate(struct shapes *shapes, const void *message)
{
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    const ProtobufCMessage *base = message;
    return proto_validate(&shapes->call, proto_pool_type(shapes->pool, base->descriptor), base);
}

static void assert_bad(struct shapes *shapes, const void *message, const char *place)
{
    char wanted[128];
    assert_int_equal(validate(shapes, message), STATUS_INVALID_ARGUMENT);
    snprintf(wanted, sizeof(wanted), "%s is not UTF-8 text without NUL", place);
    struct text error = shapes->call.error.message;
    if (!text_equal(error, text_of(wanted))) {
        fail_msg("%.*s", TEXT_ARGUMENTS(error));
    }
}

static void test_good(void **state)
{
    Shapes__Choice choice = SHAPES__CHOICE__INIT;
    Shapes__Choice *choices[] = {&choice};
    Shapes__All all = SHAPES__ALL__INIT;
    choice.pick_case = SHAPES__CHOICE__PICK_BLOB;
    choice.blob = proto_bytes(TEXT("\xff\0")); /* bytes may be anything */
    all.n_choices = 1;
    all.choices = choices;
    assert_int_equal(validate(*state, &all), STATUS_OK);
}

static void test_bad(void **state)
{
    Shapes__Leaf leaf = SHAPES__LEAF__INIT;
    leaf.text = proto_bytes(TEXT("a\0"));
    assert_bad(*state, &leaf, "text");

    Shapes__Maps__LeavesEntry entry = SHAPES__MAPS__LEAVES_ENTRY__INIT;
    Shapes__Maps__LeavesEntry *entries[] = {&entry};
    Shapes__Maps maps = SHAPES__MAPS__INIT;
    Shapes__All all = SHAPES__ALL__INIT;
    maps.n_leaves = 1;
    maps.leaves = entries;
    all.maps = &maps;
    entry.value = &leaf;
    assert_bad(*state, &all, "maps.leaves[0].value.text");
    entry.key = proto_bytes(TEXT("\xc3"));
    assert_bad(*state, &all, "maps.leaves[0].key");

    ProtobufCBinaryData strings[] = {proto_bytes(TEXT("ok")), proto_bytes(TEXT("\xf8"))};
    Shapes__Lists lists = SHAPES__LISTS__INIT;
    lists.n_strings = 2;
    lists.strings = strings;
    assert_bad(*state, &lists, "strings[1]");
}

static void test_depth(void **state)
{
    static Shapes__Tree trees[PROTO_DEPTH_MAX + 1];
    for (size_t i = 0; i < ARRAY_LENGTH(trees); i++) {
        shapes__tree__init(&trees[i]);
        trees[i].left = i > 0 ? &trees[i - 1] : NULL;
    }
    assert_int_equal(validate(*state, &trees[PROTO_DEPTH_MAX - 1]), STATUS_OK);
    assert_int_equal(validate(*state, &trees[PROTO_DEPTH_MAX]), STATUS_RESOURCE_EXHAUSTED);
}

static void test_place(void **state)
{
    (void)state;
    char buffer[PROTO_PLACE_BYTES_MAX];
    struct proto_place outer = {NULL, TEXT("list"), PROTO_PLACE_NO_INDEX};
    struct proto_place element = {&outer, TEXT(""), 12};
    struct proto_place inner = {&element, TEXT("name"), 0};
    assert_true(text_equal(proto_place_path(NULL, buffer), TEXT("")));
    assert_true(text_equal(proto_place_path(&outer, buffer), TEXT("list")));
    assert_true(text_equal(proto_place_path(&element, buffer), TEXT("list[12]")));
    assert_true(text_equal(proto_place_path(&inner, buffer), TEXT("list[12].name[0]")));
    struct proto_place first = {NULL, TEXT(""), 3};
    struct proto_place below = {&first, TEXT(""), 4};
    assert_true(text_equal(proto_place_path(&below, buffer), TEXT("[3][4]")));
    struct proto_place long_chain[PROTO_DEPTH_MAX];
    for (size_t i = 0; i < ARRAY_LENGTH(long_chain); i++) {
        long_chain[i] =
            (struct proto_place){i > 0 ? &long_chain[i - 1] : NULL, TEXT("children"), i};
    }
    struct text path = proto_place_path(&long_chain[PROTO_DEPTH_MAX - 1], buffer);
    assert_true(path.length <= PROTO_PLACE_BYTES_MAX && path.length > PROTO_PLACE_BYTES_MAX - 16);
    assert_true(text_ends_with(path, TEXT("children[99]")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_place),
    };
    return cmocka_run_group_tests(tests, shapes_set_up, shapes_tear_down);
}
