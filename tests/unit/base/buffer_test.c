#include "base/buffer.h"

#include "support/cmocka_test.h"

static void assert_content(const struct buffer *buffer, const char *want)
{
    assert_true(text_equal(buffer_text(buffer), text_of(want)));
}

static void an_append_past_the_maximum_changes_nothing(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 5);
    assert_true(buffer_append(&buffer, TEXT("abc")));
    assert_false(buffer_append(&buffer, TEXT("def")));
    assert_content(&buffer, "abc");
    assert_true(buffer_append(&buffer, TEXT("de")));
    assert_false(buffer_append_byte(&buffer, 'f'));
    assert_true(buffer_append(&buffer, TEXT("")));
    assert_null(buffer_reserve(&buffer, 1));
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    assert_content(&buffer, "abcde");
    buffer_deinit(&buffer);
    assert_int_equal(buffer.length, 0);
}

static void it_grows(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, SIZE_MAX);
    for (int i = 0; i < 5000; i++) {
        assert_true(buffer_append_byte(&buffer, (char)('a' + i % 26)));
    }
    assert_int_equal(buffer.length, 5000);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(buffer.data[i], 'a' + i % 26);
    }
    buffer_deinit(&buffer);
}

static void reserved_room_counts_when_extended(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 100);
    char *room = buffer_reserve(&buffer, 4);
    assert_non_null(room);
    memcpy(room, "wxyz", 4);
    assert_content(&buffer, "");
    buffer_extend(&buffer, 3);
    assert_content(&buffer, "wxy");
    buffer_deinit(&buffer);
}

static void consume_drops_from_the_front(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 6);
    assert_true(buffer_append(&buffer, TEXT("abcdef")));
    buffer_consume(&buffer, 0);
    assert_content(&buffer, "abcdef");
    buffer_consume(&buffer, 4);
    assert_content(&buffer, "ef");
    assert_true(buffer_append(&buffer, TEXT("ghij"))); /* the room is free again */
    assert_content(&buffer, "efghij");
    buffer_consume(&buffer, 6);
    assert_content(&buffer, "");
    buffer_clear(&buffer);
    assert_content(&buffer, "");
    buffer_deinit(&buffer);
}

static void formats_append(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 10);
    assert_true(buffer_format(&buffer, "%s=%d", "a", 12));
    assert_content(&buffer, "a=12");
    assert_false(buffer_format(&buffer, "%s", "far too long"));
    assert_content(&buffer, "a=12");
    buffer_deinit(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_append_past_the_maximum_changes_nothing),
        cmocka_unit_test(it_grows),
        cmocka_unit_test(reserved_room_counts_when_extended),
        cmocka_unit_test(consume_drops_from_the_front),
        cmocka_unit_test(formats_append),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
