/* What leaves the rating database, as it is written and read. */
#include "rating/model/rating_outbox_event.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "support/cmocka_test.h"

enum { ARENA_BYTES_MAX = 1024 * 1024, BUFFER_BYTES_MAX = 8192 };

struct fixture {
    struct arena arena;
    struct call call;
    struct buffer buffer;
};

static void set_up(struct fixture *fixture)
{
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, 0);
    buffer_init(&fixture->buffer, BUFFER_BYTES_MAX);
}

static void tear_down(struct fixture *fixture)
{
    buffer_deinit(&fixture->buffer);
    arena_deinit(&fixture->arena);
}

static const struct record_key movie = {RECORD_TYPE_MOVIE, TEXT_INIT("tt1")};

#define ZEROES "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"

static void assert_content(struct fixture *fixture, const char *want)
{
    struct text got = buffer_text(&fixture->buffer);
    if (!text_equal(got, text_of(want))) {
        fail_msg("got %.*s\nwant %s", TEXT_ARGUMENTS(got), want);
    }
}

static void test_changes_are_written_as_the_contract_says(void **state)
{
    static const struct {
        struct rating_change_event event;
        const char *key;
        const char *json;
    } cases[] = {
        {{.record = {RECORD_TYPE_MOVIE, TEXT_INIT("tt1")}, .sequence = 17, .time_ms = 1500},
         "movie/tt1",
         "{\"recordType\":\"movie\",\"recordId\":\"tt1\",\"sequence\":17,"
         "\"time\":\"1970-01-01T00:00:01.500Z\"}"},
        {{.record = {RECORD_TYPE_ACTOR, TEXT_INIT("a/\"b\"")}, .sequence = 18},
         "actor/a/\"b\"",
         "{\"recordType\":\"actor\",\"recordId\":\"a/\\\"b\\\"\",\"sequence\":18,"
         "\"time\":\"1970-01-01T00:00:00Z\"}"},
        {{.all = true, .sequence = 19},
         "*",
         "{\"all\":true,\"sequence\":19,\"time\":\"1970-01-01T00:00:00Z\"}"},
    };
    struct fixture fixture;
    (void)state;
    set_up(&fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char key[RATING_OUTBOX_KEY_BYTES_MAX];
        struct rating_change_event got;
        buffer_clear(&fixture.buffer);
        assert_true(rating_change_event_encode(&cases[i].event, &fixture.buffer));
        assert_content(&fixture, cases[i].json);
        assert_true(
            text_equal(rating_change_event_key(&cases[i].event, key), text_of(cases[i].key)));
        assert_int_equal(
            rating_change_event_decode(&fixture.call, buffer_text(&fixture.buffer), &got),
            STATUS_OK);
        assert_int_equal(got.all, cases[i].event.all);
        assert_int_equal(got.sequence, cases[i].event.sequence);
        assert_int_equal(got.time_ms, cases[i].event.time_ms);
        assert_int_equal(got.record.type, cases[i].event.record.type);
        assert_true(text_equal(got.record.id, cases[i].event.record.id));
    }
    tear_down(&fixture);
}

static void test_aggregates_are_written_as_the_contract_says(void **state)
{
    static const struct {
        struct rating_aggregate_event event;
        const char *key;
        const char *json;
    } cases[] = {
        {{.record = {RECORD_TYPE_MOVIE, TEXT_INIT("tt1")},
          .aggregate = {.count = 3, .sum_hundredths = 2250, .histogram = {[13] = 1, [16] = 2}},
          .sequence = 20,
          .time_ms = 2000},
         "movie/tt1",
         "{\"recordType\":\"movie\",\"recordId\":\"tt1\",\"count\":3,\"sumHundredths\":2250,"
         "\"mean\":7.5,\"histogram\":[0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,2,0,0,0,0],"
         "\"sequence\":20,\"time\":\"1970-01-01T00:00:02Z\"}"},
        {{.record = {RECORD_TYPE_MOVIE, TEXT_INIT("tt1")}, .sequence = 21},
         "movie/tt1",
         "{\"recordType\":\"movie\",\"recordId\":\"tt1\",\"count\":0,\"sumHundredths\":0,"
         "\"histogram\":[0,0,0," ZEROES "],\"sequence\":21,\"time\":\"1970-01-01T00:00:00Z\"}"},
        {{.kind = RATING_EVENT_CURRENT, .sequence = 22},
         "current",
         "{\"mark\":\"current\",\"sequence\":22,\"time\":\"1970-01-01T00:00:00Z\"}"},
        {{.kind = RATING_EVENT_COMPLETE, .sequence = 23},
         "complete",
         "{\"mark\":\"complete\",\"sequence\":23,\"time\":\"1970-01-01T00:00:00Z\"}"},
    };
    struct fixture fixture;
    (void)state;
    set_up(&fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct rating_aggregate_event *event = &cases[i].event;
        char key[RATING_OUTBOX_KEY_BYTES_MAX];
        struct rating_aggregate_event got;
        buffer_clear(&fixture.buffer);
        assert_true(rating_aggregate_event_encode(event, &fixture.buffer));
        assert_content(&fixture, cases[i].json);
        assert_true(text_equal(rating_aggregate_event_key(event, key), text_of(cases[i].key)));
        assert_int_equal(
            rating_aggregate_event_decode(&fixture.call, buffer_text(&fixture.buffer), &got),
            STATUS_OK);
        assert_int_equal(got.kind, event->kind);
        assert_int_equal(got.sequence, event->sequence);
        assert_int_equal(got.time_ms, event->time_ms);
        assert_true(text_equal(got.record.id, event->record.id));
        assert_int_equal(got.aggregate.count, event->aggregate.count);
        assert_int_equal(got.aggregate.sum_hundredths, event->aggregate.sum_hundredths);
        assert_memory_equal(got.aggregate.histogram, event->aggregate.histogram,
                            sizeof(got.aggregate.histogram));
    }
    tear_down(&fixture);
}

/* The longest id, of what grows most by escaping, fits the relay's room. */
static void test_the_longest_record_fits(void **state)
{
    char id[RATING_RECORD_BYTES_MAX];
    char key[RATING_OUTBOX_KEY_BYTES_MAX];
    struct fixture fixture;
    struct rating_aggregate_event got;
    (void)state;
    set_up(&fixture);
    memset(id, '\x01', sizeof(id));
    struct rating_aggregate_event event = {
        .record = {RECORD_TYPE_SOUNDTRACK, text_of_bytes(id, sizeof(id))},
        .aggregate = {.count = UINT32_MAX,
                      .sum_hundredths = (uint64_t)UINT32_MAX * RATING_HUNDREDTHS_MAX},
        .sequence = INT64_MAX,
        .time_ms = INT64_C(253402300799999),
    };
    memset(event.aggregate.histogram, 0xff, sizeof(event.aggregate.histogram));
    assert_true(rating_aggregate_event_encode(&event, &fixture.buffer));
    assert_true(fixture.buffer.length <= 4096); /* RATING_RELAY_VALUE_BYTES_MAX */
    assert_int_equal(rating_aggregate_event_key(&event, key).length,
                     strlen("soundtrack/") + sizeof(id));
    assert_int_equal(
        rating_aggregate_event_decode(&fixture.call, buffer_text(&fixture.buffer), &got),
        STATUS_OK);
    assert_true(text_equal(got.record.id, event.record.id));
    assert_true(got.sequence == INT64_MAX);
    assert_int_equal(got.aggregate.count, UINT32_MAX);

    buffer_deinit(&fixture.buffer);
    buffer_init(&fixture.buffer, 100);
    assert_false(rating_aggregate_event_encode(&event, &fixture.buffer));
    tear_down(&fixture);
}

#define MOMENT "\"sequence\":1,\"time\":\"1970-01-01T00:00:00Z\""
#define RECORD "\"recordType\":\"movie\",\"recordId\":\"tt1\""

static void test_other_aggregates_are_refused(void **state)
{
    static const struct {
        const char *json;
        const char *words;
    } cases[] = {
        {"[]", "an event is an object, not an array"},
        {"{" RECORD "," MOMENT "}", "count must be an integer of 0 to 4294967295"},
        {"{" RECORD ",\"count\":-1," MOMENT "}", "count must be an integer of 0 to 4294967295"},
        {"{" RECORD ",\"count\":4294967296," MOMENT "}",
         "count must be an integer of 0 to 4294967295"},
        {"{" RECORD ",\"count\":1,\"sumHundredths\":1001," MOMENT "}",
         "sumHundredths must be an integer of 0 to 1000"},
        {"{" RECORD ",\"count\":1,\"sumHundredths\":1000,\"histogram\":[1]," MOMENT "}",
         "histogram must be an array of 21 counts"},
        {"{" RECORD ",\"count\":1,\"sumHundredths\":1000,\"histogram\":[1,2,-1," ZEROES "]," MOMENT
         "}",
         "histogram must be an integer of 0 to 4294967295"},
        {"{\"recordType\":\"book\",\"recordId\":\"tt1\"," MOMENT "}",
         "record type is unknown; known are: movie actor soundtrack"},
        {"{\"recordType\":\"movie\",\"recordId\":\"\"," MOMENT "}", "record id is empty"},
        {"{\"mark\":\"other\"," MOMENT "}", "mark must be current or complete"},
        {"{\"mark\":null," MOMENT "}", "mark must be a string, not null"},
        {"{\"mark\":\"current\",\"sequence\":-1,\"time\":\"1970-01-01T00:00:00Z\"}",
         "sequence must be an integer of 0 to 9223372036854775807"},
        {"{\"mark\":\"current\",\"sequence\":1}", "time must be a string, not nothing"},
        {"{\"mark\":\"current\",\"sequence\":1,\"time\":\"now\"}",
         "time is not a time in RFC 3339"},
    };
    struct fixture fixture;
    (void)state;
    set_up(&fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct rating_aggregate_event got = {.sequence = -7};
        call_clear_error(&fixture.call);
        assert_int_equal(rating_aggregate_event_decode(&fixture.call, text_of(cases[i].json), &got),
                         STATUS_INVALID_ARGUMENT);
        assert_int_equal(got.sequence, -7);
        if (!text_equal(fixture.call.error.message, text_of(cases[i].words))) {
            fail_msg("%s: %.*s", cases[i].json, TEXT_ARGUMENTS(fixture.call.error.message));
        }
    }
    tear_down(&fixture);
}

static void test_other_changes_are_refused(void **state)
{
    static const char *const cases[] = {
        "1",
        "{" MOMENT "}",
        "{\"all\":false," MOMENT "}",
        "{\"all\":\"true\"," MOMENT "}",
        "{" RECORD ",\"time\":\"1970-01-01T00:00:00Z\"}",
        "{" RECORD ",\"sequence\":1.5,\"time\":\"1970-01-01T00:00:00Z\"}",
    };
    struct fixture fixture;
    (void)state;
    set_up(&fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct rating_change_event got = {.sequence = -7};
        assert_int_equal(rating_change_event_decode(&fixture.call, text_of(cases[i]), &got),
                         STATUS_INVALID_ARGUMENT);
        assert_int_equal(got.sequence, -7);
    }
    tear_down(&fixture);
}

/* What later versions add is passed over. */
static void test_unknown_members_are_passed_over(void **state)
{
    struct fixture fixture;
    struct rating_change_event got;
    (void)state;
    set_up(&fixture);
    assert_int_equal(rating_change_event_decode(&fixture.call,
                                                TEXT("{\"new\":[1]," RECORD "," MOMENT "}"), &got),
                     STATUS_OK);
    assert_true(text_equal(got.record.id, movie.id));
    tear_down(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_are_written_as_the_contract_says),
        cmocka_unit_test(test_aggregates_are_written_as_the_contract_says),
        cmocka_unit_test(test_the_longest_record_fits),
        cmocka_unit_test(test_other_aggregates_are_refused),
        cmocka_unit_test(test_other_changes_are_refused),
        cmocka_unit_test(test_unknown_members_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
