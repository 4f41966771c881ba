#include "base/arena.h"

#include "support/cmocka_test.h"

enum { CAP_BYTES = 10000 };

static void the_cap_counts_all_allocations(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, CAP_BYTES);
    assert_non_null(arena_alloc(&arena, CAP_BYTES - 10));
    assert_int_equal(arena_used_bytes(&arena), CAP_BYTES - 10);
    assert_null(arena_alloc(&arena, 11));
    assert_int_equal(arena_used_bytes(&arena), CAP_BYTES - 10);
    assert_non_null(arena_alloc(&arena, 10));
    assert_null(arena_alloc(&arena, 1));
    assert_null(arena_copy(&arena, TEXT("a")).data);
    assert_null(arena_format(&arena, "%d", 1).data);
    assert_false(arena_defer(&arena, NULL, NULL));
    arena_reset(&arena);
    assert_int_equal(arena_used_bytes(&arena), 0);
    assert_non_null(arena_alloc(&arena, CAP_BYTES));
    arena_deinit(&arena);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        size_t size;
    } cases[] = {
        {SIZE_MAX, 2}, {SIZE_MAX / 2 + 1, 2}, {1, SIZE_MAX}, {SIZE_MAX, 1}, {1, SIZE_MAX - 7}};
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_null(arena_calloc(&arena, cases[i].count, cases[i].size));
    }
    assert_null(arena_copy(&arena, (struct text){"", SIZE_MAX}).data);
    assert_non_null(arena_alloc(&arena, 1));
    arena_deinit(&arena);
}

static void every_allocation_is_aligned_and_apart(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    unsigned char *blocks[300];
    for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
        blocks[i] = arena_alloc(&arena, i);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        memset(blocks[i], (int)(i % 251), i);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
        for (size_t at = 0; at < i; at++) {
            assert_int_equal(blocks[i][at], i % 251);
        }
    }
    arena_deinit(&arena);
}

static void calloc_clears_reused_memory(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, CAP_BYTES);
    void *used = arena_alloc(&arena, 64);
    assert_non_null(used);
    memset(used, 0xff, 64);
    arena_reset(&arena);
    unsigned char *clear = arena_calloc(&arena, 8, 8);
    assert_non_null(clear);
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(clear[i], 0);
    }
    arena_deinit(&arena);
}

static void copies_and_formats_end_in_nul(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, CAP_BYTES);
    struct text copy = arena_copy(&arena, text_of_bytes("a\0b", 3));
    assert_int_equal(copy.length, 3);
    assert_memory_equal(copy.data, "a\0b", 4);
    copy = arena_copy(&arena, (struct text){NULL, 0});
    assert_string_equal(copy.data, "");
    struct text formatted = arena_format(&arena, "%s-%d", "tt", 42);
    assert_int_equal(formatted.length, 5);
    assert_string_equal(formatted.data, "tt-42");
    arena_deinit(&arena);
}

/* Writes `length` bytes as one does who writes backwards and learns the length by it. */
static char *write_backwards(struct arena *arena, size_t length)
{
    size_t bytes = 0;
    char *start = arena_tail(arena, 1, &bytes);
    size_t written = 0;
    while (start != NULL && written < length) {
        if (written == bytes) {
            const char *old = start;
            start = arena_tail(arena, written + 1, &bytes);
            if (start != NULL) {
                memcpy(start + bytes - written, old, written);
            }
            continue;
        }
        written++;
        start[bytes - written] = (char)(written % 113);
    }
    return start != NULL ? arena_take_tail(arena, start + bytes - length, length) : NULL;
}

static void a_tail_grows_and_lies_apart(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 15, 16, 17, 4000, 200, 5000, 100000, 3};
    struct arena arena;
    char *tails[ARRAY_LENGTH(lengths)];
    arena_init(&arena, 1 << 20);
    size_t used = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        tails[i] = write_backwards(&arena, lengths[i]);
        assert_non_null(tails[i]);
        used += lengths[i] + 10;
        char *between = arena_alloc(&arena, 10);
        assert_non_null(between);
        memset(between, 0xff, 10);
        assert_int_equal(arena_used_bytes(&arena), used);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        for (size_t at = 0; at < lengths[i]; at++) {
            assert_int_equal(tails[i][at], (lengths[i] - at) % 113);
        }
    }
    arena_deinit(&arena);
}

static void the_cap_holds_for_a_tail(void **state)
{
    (void)state;
    struct arena arena;
    size_t bytes;
    arena_init(&arena, CAP_BYTES);
    assert_non_null(arena_alloc(&arena, 100));
    assert_null(arena_tail(&arena, CAP_BYTES - 99, &bytes));
    assert_non_null(write_backwards(&arena, CAP_BYTES - 100));
    assert_int_equal(arena_used_bytes(&arena), CAP_BYTES);
    assert_null(arena_tail(&arena, 1, &bytes));
    arena_reset(&arena);
    assert_null(write_backwards(&arena, CAP_BYTES + 1));
    assert_int_equal(arena_used_bytes(&arena), 0);
    arena_deinit(&arena);
}

struct cleanup {
    char *order;
    char name;
};

static void note(void *argument)
{
    struct cleanup *cleanup = argument;
    size_t length = strlen(cleanup->order);
    cleanup->order[length] = cleanup->name;
}

static void cleanups_run_once_last_first(void **state)
{
    (void)state;
    char order[8] = "";
    struct cleanup cleanups[] = {{order, 'a'}, {order, 'b'}, {order, 'c'}};
    struct arena arena;
    arena_init(&arena, CAP_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(cleanups); i++) {
        assert_true(arena_defer(&arena, note, &cleanups[i]));
    }
    arena_reset(&arena);
    assert_string_equal(order, "cba");
    assert_true(arena_defer(&arena, note, &cleanups[0]));
    arena_deinit(&arena);
    assert_string_equal(order, "cbaa");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cap_counts_all_allocations),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(every_allocation_is_aligned_and_apart),
        cmocka_unit_test(calloc_clears_reused_memory),
        cmocka_unit_test(copies_and_formats_end_in_nul),
        cmocka_unit_test(a_tail_grows_and_lies_apart),
        cmocka_unit_test(the_cap_holds_for_a_tail),
        cmocka_unit_test(cleanups_run_once_last_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
