/* Reviews as JSON and as messages, there and back. */
#include "base/arena.h"
#include "base/buffer.h"
#include "proto/proto.h"
#include "review/model/review_json.h"
#include "review/model/review_message.h"
#include "support/cmocka_test.h"
#include "json/json.h"

enum { ARENA_BYTES_MAX = 256 * 1024, JSON_BYTES_MAX = 64 * 1024 };

static const struct review odd = {
    .key = {.record = {RECORD_TYPE_MOVIE, TEXT_INIT("m\"1")}, .user = TEXT_INIT("</u>")},
    .text = TEXT_INIT("<script>\"\\\n\xe2\x80\xae\xf0\x9f\x98\x80"),
    .spoiler = true,
    .created_ms = 1000,
    .edited_ms = 2500,
    .like_count = 3,
    .liked = true,
};

static void assert_same(const struct review *got, const struct review *want)
{
    assert_true(text_equal(got->text, want->text) && got->spoiler == want->spoiler);
    assert_true(text_equal(got->key.user, want->key.user));
    assert_true(text_equal(got->key.record.id, want->key.record.id));
    assert_int_equal(got->key.record.type, want->key.record.type);
    assert_int_equal(got->created_ms, want->created_ms);
    assert_int_equal(got->edited_ms, want->edited_ms);
    assert_int_equal(got->like_count, want->like_count);
    assert_int_equal(got->liked, want->liked);
}

static void test_json(void **state)
{
    struct arena arena;
    struct call call;
    struct buffer buffer;
    struct json_writer writer;
    const struct json *json;
    struct review got;
    struct review fresh = odd;
    (void)state;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    buffer_init(&buffer, JSON_BYTES_MAX);
    json_writer_init(&writer, &buffer);
    review_write_json(&writer, &odd);
    assert_true(json_writer_end(&writer));
    assert_true(text_equal(
        buffer_text(&buffer),
        TEXT("{\"userId\":\"</u>\",\"recordId\":\"m\\\"1\",\"recordType\":\"movie\","
             "\"text\":\"<script>\\\"\\\\\\n\xe2\x80\xae\xf0\x9f\x98\x80\",\"spoiler\":true,"
             "\"createdTime\":\"1970-01-01T00:00:01Z\","
             "\"editedTime\":\"1970-01-01T00:00:02.500Z\",\"likeCount\":3,\"liked\":true}")));
    assert_int_equal(json_parse(&call, buffer_text(&buffer), &json), STATUS_OK);
    assert_int_equal(review_from_json(&call, json, &got), STATUS_OK);
    assert_same(&got, &odd);
    fresh.edited_ms = 0;
    fresh.liked = false;
    buffer_clear(&buffer);
    json_writer_init(&writer, &buffer);
    review_write_json(&writer, &fresh);
    assert_int_equal(json_parse(&call, buffer_text(&buffer), &json), STATUS_OK);
    assert_int_equal(json_kind(json_member(json, "editedTime")), JSON_ABSENT);
    assert_int_equal(review_from_json(&call, json, &got), STATUS_OK);
    assert_same(&got, &fresh);
    buffer_deinit(&buffer);
    arena_deinit(&arena);
}

static void test_words(void **state)
{
    static const struct {
        const char *json;
        const char *text; /* NULL: refused, with `error` */
        bool spoiler;
        const char *error;
        int64_t time_ms;
    } cases[] = {
        {"{\"text\":\"a\"}", "a", false, NULL, 0},
        {"{\"text\":\"a\",\"time\":\"1970-01-01T00:00:02Z\"}", "a", false, NULL, 2000},
        {"{\"text\":\"a\",\"time\":\"\"}", "a", false, NULL, 0},
        {"{\"text\":\"a\",\"time\":\"today\"}", NULL, false, "time is not a time in RFC 3339", 0},
        {"{\"text\":\"a\",\"spoiler\":true,\"more\":1}", "a", true, NULL, 0},
        {"{\"text\":\"a\",\"spoiler\":null}", "a", false, NULL, 0},
        {"{}", "", false, NULL, 0}, /* review_validate() has words for it */
        {"[]", NULL, false, "the review must be an object, not an array", 0},
        {"{\"text\":7}", NULL, false, "text must be a string, not a whole number", 0},
        {"{\"text\":\"a\",\"spoiler\":\"no\"}", NULL, false,
         "spoiler must be true or false, not a string", 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct arena arena;
        struct call call;
        const struct json *json;
        struct review got = {.text = TEXT("before")};
        arena_init(&arena, ARENA_BYTES_MAX);
        call_init(&call, &arena, 0);
        assert_int_equal(json_parse(&call, text_of(cases[i].json), &json), STATUS_OK);
        enum status status = review_words_from_json(&call, json, &got);
        if (cases[i].text != NULL) {
            assert_int_equal(status, STATUS_OK);
            assert_true(text_equal(got.text, text_of(cases[i].text)));
            assert_int_equal(got.spoiler, cases[i].spoiler);
            assert_int_equal(got.created_ms, cases[i].time_ms);
        } else {
            assert_int_equal(status, STATUS_INVALID_ARGUMENT);
            assert_true(text_equal(got.text, TEXT("before")));
            if (!text_starts_with(call.error.message, text_slice(text_of(cases[i].error), 0, 20))) {
                fail_msg("%s: %.*s", cases[i].json, TEXT_ARGUMENTS(call.error.message));
            }
        }
        arena_deinit(&arena);
    }
}

static void test_messages(void **state)
{
    struct arena arena;
    struct call call;
    struct review got;
    (void)state;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    Review *message = review_to_message(&arena, &odd);
    assert_non_null(message);
    assert_int_equal(review_from_message(&call, message, &got), STATUS_OK);
    assert_same(&got, &odd);
    message->created_time = proto_bytes(TEXT("yesterday"));
    got.created_ms = 7;
    assert_int_equal(review_from_message(&call, message, &got), STATUS_INVALID_ARGUMENT);
    message = review_to_message(&arena, &odd);
    message->record_type = proto_bytes(TEXT("book"));
    assert_int_equal(review_from_message(&call, message, &got), STATUS_INVALID_ARGUMENT);
    assert_int_equal(got.created_ms, 7);
    const struct like like = {.key = odd.key, .time_ms = 1500};
    const Like *liked = like_to_message(&arena, &like);
    assert_true(text_equal(proto_text(liked->time), TEXT("1970-01-01T00:00:01.500Z")));
    arena_deinit(&arena);
    arena_init(&arena, 16);
    assert_null(review_to_message(&arena, &odd));
    assert_null(like_to_message(&arena, &like));
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
