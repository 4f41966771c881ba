#include "eventlog/local_frame.h"

#include "support/cmocka_test.h"

enum { FRAME_BYTES = LOCAL_FRAME_HEADER_BYTES + 3 + 5 };

static const struct local_place place = {.topic_id = 7, .partition = 3};

static void write_frame(char frame[static FRAME_BYTES])
{
    const struct eventlog_message message = {
        .key = TEXT("key"), .value = TEXT("value"), .time_ms = 1234567890123};
    assert_int_equal(local_frame_bytes(&message), FRAME_BYTES);
    local_frame_write(frame, &message);
    local_frame_seal(frame, FRAME_BYTES, place, 42);
}

static void reads_what_was_written(void **state)
{
    (void)state;
    char frames[2 * FRAME_BYTES];
    write_frame(frames);
    write_frame(frames + FRAME_BYTES);
    struct eventlog_header headers[EVENTLOG_HEADERS_MAX];
    struct eventlog_record record;
    size_t bytes;
    assert_true(
        local_frame_read(text_of_bytes(frames, sizeof(frames)), place, headers, &record, &bytes));
    assert_int_equal(bytes, FRAME_BYTES);
    assert_int_equal(record.offset, 42);
    assert_int_equal(record.time_ms, 1234567890123);
    assert_true(text_equal(record.key, TEXT("key")));
    assert_true(text_equal(record.value, TEXT("value")));
}

static void notices_every_flipped_bit(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * FRAME_BYTES; bit++) {
        char frame[FRAME_BYTES];
        write_frame(frame);
        frame[bit / 8] = (char)(frame[bit / 8] ^ (1 << bit % 8));
        struct eventlog_header headers[EVENTLOG_HEADERS_MAX];
        struct eventlog_record record;
        size_t bytes;
        assert_false(
            local_frame_read(text_of_bytes(frame, sizeof(frame)), place, headers, &record, &bytes));
    }
}

static void notices_every_cut(void **state)
{
    (void)state;
    char frame[FRAME_BYTES];
    write_frame(frame);
    for (size_t length = 0; length < FRAME_BYTES; length++) {
        struct eventlog_header headers[EVENTLOG_HEADERS_MAX];
        struct eventlog_record record;
        size_t bytes;
        int64_t offset;
        assert_false(
            local_frame_read(text_of_bytes(frame, length), place, headers, &record, &bytes));
        assert_false(local_frame_peek(text_of_bytes(frame, length), &offset, &bytes));
    }
}

static void notices_another_place(void **state)
{
    (void)state;
    const struct local_place others[] = {{.topic_id = 7, .partition = 2},
                                         {.topic_id = 6, .partition = 3}};
    char frame[FRAME_BYTES];
    write_frame(frame);
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        struct eventlog_header headers[EVENTLOG_HEADERS_MAX];
        struct eventlog_record record;
        size_t bytes;
        assert_false(local_frame_read(text_of_bytes(frame, sizeof(frame)), others[i], headers,
                                      &record, &bytes));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_written),
        cmocka_unit_test(notices_every_flipped_bit),
        cmocka_unit_test(notices_every_cut),
        cmocka_unit_test(notices_another_place),
    };
    return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
