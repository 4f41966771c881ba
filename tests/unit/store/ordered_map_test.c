#include "store/ordered_map.h"

#include <stdio.h>

#include "support/cmocka_test.h"

enum { KEYS = 500 };

static struct text key_at(size_t index, char buffer[static 16])
{
    (void)snprintf(buffer, 16, "k%zu", index * 7919 % 100003);
    return text_of(buffer);
}

static void test_walks_in_byte_order(void **state)
{
    (void)state;
    struct ordered_map *map = ordered_map_create();
    char buffer[16];
    for (size_t i = 0; i < KEYS; i++) {
        ordered_map_put(map, key_at(i, buffer), &i, sizeof(i));
    }
    for (size_t i = 0; i < KEYS; i += 2) {
        ordered_map_remove(map, key_at(i, buffer));
    }
    size_t count = 0;
    const struct ordered_map_entry *last = NULL;
    const struct ordered_map_entry *entry = ordered_map_seek(map, TEXT(""));
    for (; entry != NULL; last = entry, entry = ordered_map_next(entry)) {
        assert_true(last == NULL || text_compare(last->key, entry->key) < 0);
        count++;
    }
    assert_int_equal(count, KEYS / 2);
    for (size_t i = 0; i < KEYS; i++) {
        entry = ordered_map_find(map, key_at(i, buffer));
        assert_true((entry != NULL) == (i % 2 == 1));
        assert_true(entry == NULL || *(const size_t *)entry->value == i);
    }
    ordered_map_destroy(map);
}

static void test_replaces_and_seeks(void **state)
{
    (void)state;
    struct ordered_map *map = ordered_map_create();
    ordered_map_put(map, TEXT("b"), "one", 3);
    ordered_map_put(map, TEXT("b"), "", 0);
    ordered_map_put(map, TEXT("ba"), "two", 3);
    ordered_map_remove(map, TEXT("absent"));
    assert_int_equal(ordered_map_find(map, TEXT("b"))->value_size, 0);
    assert_null(ordered_map_find(map, TEXT("a")));
    assert_true(text_equal(ordered_map_seek(map, TEXT("a"))->key, TEXT("b")));
    assert_true(text_equal(ordered_map_seek(map, TEXT("b\0a"))->key, TEXT("ba")));
    assert_null(ordered_map_seek(map, TEXT("c")));
    ordered_map_destroy(map);
    ordered_map_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walks_in_byte_order),
        cmocka_unit_test(test_replaces_and_seeks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
