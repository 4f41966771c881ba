/* Values and events as people and providers write them. */
#include <math.h>
#include <stdio.h>

#include "base/arena.h"
#include "rating/model/rating_event.h"
#include "rating/model/rating_value.h"
#include "support/cmocka_test.h"
#include "unit/rating/rating_event_twice.h"

enum { ARENA_BYTES_MAX = 1024 * 1024, VALUE_TEXT_BYTES = 16 };

struct fixture {
    struct arena arena;
    struct call call;
};

static void set_up(struct fixture *fixture)
{
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, 0);
}

static void tear_down(struct fixture *fixture)
{
    arena_deinit(&fixture->arena);
}

static void test_every_hundredth_is_exact(void **state)
{
    struct fixture fixture;
    (void)state;
    set_up(&fixture);
    for (int32_t want = 0; want <= RATING_HUNDREDTHS_MAX; want++) {
        char text[VALUE_TEXT_BYTES];
        int32_t got = -1;
        double points;
        (void)snprintf(text, sizeof(text), "%d.%02d", want / 100, want % 100);
        assert_int_equal(rating_value_parse(&fixture.call, text_of(text), &got), STATUS_OK);
        assert_int_equal(got, want);
        got = -1;
        assert_true(text_to_double(text_of(text), &points));
        assert_int_equal(rating_value_from_points(&fixture.call, points, &got), STATUS_OK);
        assert_int_equal(got, want);
    }
    tear_down(&fixture);
}

static void test_short_texts_are_exact(void **state)
{
    static const struct {
        const char *text;
        int32_t want;
    } cases[] = {{"0", 0}, {"7", 700}, {"10", 1000}, {"7.5", 750}, {"0.0", 0}, {"10.00", 1000}};
    struct fixture fixture;
    (void)state;
    set_up(&fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int32_t got = -1;
        assert_int_equal(rating_value_parse(&fixture.call, text_of(cases[i].text), &got),
                         STATUS_OK);
        assert_int_equal(got, cases[i].want);
    }
    tear_down(&fixture);
}

static void test_other_texts_are_refused(void **state)
{
    static const char range[] = "a rating must be 0 to 10 points";
    static const struct {
        struct text text;
        const char *words; /* how they end */
    } cases[] = {
        {TEXT_INIT("10.01"), range},
        {TEXT_INIT("11"), range},
        {TEXT_INIT("-1"), range},
        {TEXT_INIT("-0.5"), range},
        {TEXT_INIT("18446744073709551615"), range},
        {TEXT_INIT("18446744073709551616"), "(two decimals at most)"},
        {TEXT_INIT(""), "(two decimals at most)"},
        {TEXT_INIT("-"), "(two decimals at most)"},
        {TEXT_INIT("."), "(two decimals at most)"},
        {TEXT_INIT("7."), "(two decimals at most)"},
        {TEXT_INIT(".5"), "(two decimals at most)"},
        {TEXT_INIT("7.125"), "(two decimals at most)"},
        {TEXT_INIT("7.5.0"), "(two decimals at most)"},
        {TEXT_INIT("7,5"), "(two decimals at most)"},
        {TEXT_INIT("+7"), "(two decimals at most)"},
        {TEXT_INIT(" 7"), "(two decimals at most)"},
        {TEXT_INIT("7e0"), "(two decimals at most)"},
        {TEXT_INIT("0x7"), "(two decimals at most)"},
        {TEXT_INIT("7\0"), "(two decimals at most)"},
        {TEXT_INIT("7.-1"), "(two decimals at most)"},
        {TEXT_INIT("nan"), "(two decimals at most)"},
    };
    struct fixture fixture;
    (void)state;
    set_up(&fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int32_t got = -7;
        call_clear_error(&fixture.call);
        print_message("  '%.*s'\n", TEXT_ARGUMENTS(cases[i].text));
        assert_int_equal(rating_value_parse(&fixture.call, cases[i].text, &got),
                         STATUS_INVALID_ARGUMENT);
        assert_int_equal(got, -7);
        assert_true(text_ends_with(fixture.call.error.message, text_of(cases[i].words)));
    }
    tear_down(&fixture);
}

static void test_other_numbers_are_refused(void **state)
{
    static const double range[] = {-0.01, 10.01, 1e300, -1e300, INFINITY, -INFINITY, NAN};
    static const double fine[] = {0.001, 7.125, 9.999, 1e-300};
    struct fixture fixture;
    int32_t got = -7;
    (void)state;
    set_up(&fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(range); i++) {
        call_clear_error(&fixture.call);
        assert_int_equal(rating_value_from_points(&fixture.call, range[i], &got),
                         STATUS_INVALID_ARGUMENT);
        assert_true(
            text_equal(fixture.call.error.message, TEXT("a rating must be 0 to 10 points")));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(fine); i++) {
        call_clear_error(&fixture.call);
        assert_int_equal(rating_value_from_points(&fixture.call, fine[i], &got),
                         STATUS_INVALID_ARGUMENT);
        assert_true(
            text_equal(fixture.call.error.message, TEXT("a rating has two decimals at most")));
    }
    assert_int_equal(got, -7);
    assert_int_equal(rating_value_from_points(&fixture.call, -0.0, &got), STATUS_OK);
    assert_int_equal(got, 0);
    tear_down(&fixture);
}

/* An event in parts, so that each case changes one. */
#define USER "\"userId\":\"u\","
#define RECORD "\"recordId\":\"tt1\","
#define TYPE "\"recordType\":\"movie\","
#define VALUE "\"value\":7.5,"
#define PROVIDER "\"providerId\":\"p\","
#define PUT "\"eventType\":\"put\""
#define EVENT(user, record, type, value, provider, kind)                                           \
    TEXT_INIT("{" user record type value provider kind "}")
#define WITH(more) TEXT_INIT("{" USER RECORD TYPE VALUE PROVIDER PUT more "}")

static void test_events_are_read(void **state)
{
    static const struct {
        const char *name;
        struct text json;
        enum rating_change_kind kind;
        int32_t hundredths;
        bool has_time;
        int64_t time_ms;
    } cases[] = {
        {"put", WITH(""), RATING_PUT, 750, false, 0},
        {"whole", EVENT(USER, RECORD, TYPE, "\"value\":8,", PROVIDER, PUT), RATING_PUT, 800, false,
         0},
        {"exponent", EVENT(USER, RECORD, TYPE, "\"value\":1e1,", PROVIDER, PUT), RATING_PUT, 1000,
         false, 0},
        {"unknown fields", WITH(",\"more\":{\"userId\":[1,null]},\"eventID\":\"\""), RATING_PUT,
         750, false, 0},
        {"spaces", TEXT_INIT(" \n{ " USER RECORD TYPE VALUE PROVIDER PUT "}\t"), RATING_PUT, 750,
         false, 0},
        {"delete without value",
         EVENT(USER, RECORD, TYPE, "", PROVIDER, "\"eventType\":\"delete\""), RATING_DELETE, 0,
         false, 0},
        {"delete with any value",
         EVENT(USER, RECORD, TYPE, "\"value\":\"x\",", PROVIDER, "\"eventType\":\"delete\""),
         RATING_DELETE, 0, false, 0},
        {"time", WITH(",\"eventTime\":\"1970-01-01T00:00:01.5Z\""), RATING_PUT, 750, true, 1500},
        {"time with offset", WITH(",\"eventTime\":\"1970-01-01T01:00:00+01:00\""), RATING_PUT, 750,
         true, 0},
        {"time before 1970", WITH(",\"eventTime\":\"1969-12-31T23:59:59Z\""), RATING_PUT, 750, true,
         -1000},
    };
    struct fixture fixture;
    (void)state;
    set_up(&fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct rating_change change;
        print_message("  %s\n", cases[i].name);
        assert_int_equal(rating_event_decode(&fixture.call, cases[i].json, &change), STATUS_OK);
        assert_int_equal(change.kind, cases[i].kind);
        assert_int_equal(change.hundredths, cases[i].hundredths);
        assert_int_equal(change.has_time, cases[i].has_time);
        assert_int_equal(change.time_ms, cases[i].time_ms);
        assert_true(text_equal(change.key.user, TEXT("u")));
        assert_true(text_equal(change.key.provider, TEXT("p")));
        assert_true(text_equal(change.key.record.id, TEXT("tt1")));
        assert_int_equal(change.key.record.type, RECORD_TYPE_MOVIE);
    }
    tear_down(&fixture);
}

struct refused_event {
    struct text json;
    const char *words; /* all of the reason; NULL: the JSON reader's own */
};

static const struct refused_event refused_events[] = {
    {TEXT_INIT(""), NULL},
    {TEXT_INIT("{"), NULL},
    {TEXT_INIT("{} {}"), NULL},
    {WITH(",\"x\":\"\xff\""), NULL},
    {TEXT_INIT("[]"), "an event is an object, not an array"},
    {TEXT_INIT("null"), "an event is an object, not null"},
    {EVENT("", RECORD, TYPE, VALUE, PROVIDER, PUT), "userId must be a string, not nothing"},
    {EVENT("\"userId\":1,", RECORD, TYPE, VALUE, PROVIDER, PUT),
     "userId must be a string, not a number"},
    {EVENT("\"userId\":\"\",", RECORD, TYPE, VALUE, PROVIDER, PUT), "user id is empty"},
    {EVENT("\"userId\":\"a\\u0000b\",", RECORD, TYPE, VALUE, PROVIDER, PUT), NULL},
    {EVENT(USER, "", TYPE, VALUE, PROVIDER, PUT), "recordId must be a string, not nothing"},
    {EVENT(USER, "\"recordId\":null,", TYPE, VALUE, PROVIDER, PUT),
     "recordId must be a string, not null"},
    {EVENT(USER, "\"recordId\":\"\",", TYPE, VALUE, PROVIDER, PUT), "record id is empty"},
    {EVENT(USER, "\"recordId\":\"\\u0000\",", TYPE, VALUE, PROVIDER, PUT), NULL},
    {EVENT(USER, RECORD, "", VALUE, PROVIDER, PUT), "recordType must be a string, not nothing"},
    {EVENT(USER, RECORD, "\"recordType\":true,", VALUE, PROVIDER, PUT),
     "recordType must be a string, not a boolean"},
    {EVENT(USER, RECORD, "\"recordType\":\"Movie\",", VALUE, PROVIDER, PUT),
     "record type is unknown; known are: movie actor soundtrack"},
    {EVENT(USER, RECORD, "\"recordType\":\"\",", VALUE, PROVIDER, PUT),
     "record type is empty; known are: movie actor soundtrack"},
    {EVENT(USER, RECORD, TYPE, "", PROVIDER, PUT), "value must be a number, not nothing"},
    {EVENT(USER, RECORD, TYPE, "\"value\":\"7\",", PROVIDER, PUT),
     "value must be a number, not a string"},
    {EVENT(USER, RECORD, TYPE, "\"value\":10.01,", PROVIDER, PUT),
     "a rating must be 0 to 10 points"},
    {EVENT(USER, RECORD, TYPE, "\"value\":-1,", PROVIDER, PUT), "a rating must be 0 to 10 points"},
    {EVENT(USER, RECORD, TYPE, "\"value\":7.125,", PROVIDER, PUT),
     "a rating has two decimals at most"},
    {EVENT(USER, RECORD, TYPE, "\"value\":NaN,", PROVIDER, PUT), NULL},
    {EVENT(USER, RECORD, TYPE, VALUE, "", PUT), "providerId must be a string, not nothing"},
    {EVENT(USER, RECORD, TYPE, VALUE, "\"providerId\":{},", PUT),
     "providerId must be a string, not an object"},
    {EVENT(USER, RECORD, TYPE, VALUE, PROVIDER, "\"x\":1"),
     "eventType must be a string, not nothing"},
    {EVENT(USER, RECORD, TYPE, VALUE, PROVIDER, "\"eventType\":\"PUT\""),
     "eventType must be put or delete"},
    {EVENT(USER, RECORD, TYPE, VALUE, PROVIDER, "\"eventType\":0"),
     "eventType must be a string, not a number"},
    {WITH(",\"eventId\":7"), "eventId must be a string, not a number"},
    {WITH(",\"eventId\":null"), "eventId must be a string, not null"},
    {WITH(",\"eventId\":\"\""), "eventId must be 1 to 128 bytes"},
    {WITH(",\"eventTime\":5"), "eventTime must be a string, not a number"},
    {WITH(",\"eventTime\":\"yesterday\""), "eventTime is not a time in RFC 3339"},
    {WITH(",\"eventTime\":\"\""), "eventTime is not a time in RFC 3339"},
    {WITH(",\"eventTime\":\"2026-02-30T00:00:00Z\""), "eventTime is not a time in RFC 3339"},
};

static void test_other_events_are_refused(void **state)
{
    struct fixture fixture;
    (void)state;
    set_up(&fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(refused_events); i++) {
        const struct refused_event *row = &refused_events[i];
        struct rating_change change = {.hundredths = -7};
        call_clear_error(&fixture.call);
        enum status status = rating_event_decode(&fixture.call, row->json, &change);
        struct text words = fixture.call.error.message;
        if (status != STATUS_INVALID_ARGUMENT || words.length == 0 ||
            (row->words != NULL && !text_equal(words, text_of(row->words)))) {
            fail_msg("%.*s: %s '%.*s'", TEXT_ARGUMENTS(row->json), status_name(status),
                     TEXT_ARGUMENTS(words));
        }
        assert_int_equal(change.hundredths, -7);
    }
    tear_down(&fixture);
}

static void test_event_ids_have_a_limit(void **state)
{
    struct fixture fixture;
    (void)state;
    set_up(&fixture);
    for (size_t length = RATING_EVENT_ID_BYTES_MAX; length <= RATING_EVENT_ID_BYTES_MAX + 1;
         length++) {
        struct rating_change change;
        char id[RATING_EVENT_ID_BYTES_MAX + 1];
        memset(id, 'e', sizeof(id));
        struct text json = arena_format(
            &fixture.arena, "{" USER RECORD TYPE VALUE PROVIDER PUT ",\"eventId\":\"%.*s\"}",
            (int)length, id);
        bool fits = length <= RATING_EVENT_ID_BYTES_MAX;
        assert_int_equal(rating_event_decode(&fixture.call, json, &change),
                         fits ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        if (fits) {
            assert_true(text_equal(change.event_id, text_of_bytes(id, length)));
        }
    }
    assert_true(text_equal(fixture.call.error.message, TEXT("eventId must be 1 to 128 bytes")));
    tear_down(&fixture);
}

/* `plain`: the one pass takes it; else the tree decides. Both must agree on what it takes. */
static void test_plain_events_are_read_as_trees_are(void **state)
{
    static const struct {
        struct text json;
        bool plain;
    } cases[] = {
        {WITH(""), true},
        {WITH(",\"eventId\":\"e\",\"eventTime\":\"1970-01-01T00:00:01.5Z\""), true},
        {TEXT_INIT(" \n\t\r{ \"value\" : 7.25 , \"userId\" : \"a longer user id\" } \n"), true},
        {TEXT_INIT("{\"userId\":\"J\xc3\xbcrgen \xe2\x82\xac\"}"), true},
        {TEXT_INIT("{\"J\xc3\xbcrgen\":\"ok\",\"userId\":\"u\"}"), true},
        {TEXT_INIT("{\"value\":0}"), true},
        {TEXT_INIT("{\"value\":0.1}"), true},
        {TEXT_INIT("{\"value\":10.00}"), true},
        {TEXT_INIT("{\"value\":9.99999999999999}"), true},
        {TEXT_INIT("{\"value\":999999999999999}"), true},
        {TEXT_INIT("{\"other\":5,\"value\":1}"), true},
        {TEXT_INIT("{\"value\":9999999999999999}"), false},
        {TEXT_INIT("{\"value\":0.00000000000000001}"), false},
        {TEXT_INIT("{\"value\":01}"), false},
        {TEXT_INIT("{\"value\":1.}"), false},
        {TEXT_INIT("{\"value\":.5}"), false},
        {TEXT_INIT("{\"value\":-1}"), false},
        {TEXT_INIT("{\"value\":1e1}"), false},
        {TEXT_INIT("{\"value\":1"), false},
        {TEXT_INIT("{\"value\":1x}"), false},
        {TEXT_INIT("{\"value\":true}"), false},
        {TEXT_INIT("{\"userId\":\"a\\u0041\"}"), false},
        {TEXT_INIT("{\"userId\":\"a\tb\"}"), false},
        {TEXT_INIT("{\"userId\":\"eight by\x01tes\"}"), false},
        {TEXT_INIT("{\"userId\":\"eight by\\\"tes\"}"), false},
        {TEXT_INIT("{\"userId\":\"a\0b\"}"), false},
        {TEXT_INIT("{\"userId\":\"\xff\"}"), false},
        {TEXT_INIT("{\"userId\":\"\xff long enough\"}"), false},
        {TEXT_INIT("{\"userId\":\"u\",\"userId\":\"v\"}"), false},
        {TEXT_INIT("{\"x\":1,\"x\":2}"), false},
        {TEXT_INIT("{\"x\":[1]}"), false},
        {TEXT_INIT("{\"userId\":\"u\",}"), false},
        {TEXT_INIT("{\"userId\":\"u\"} x"), false},
        {TEXT_INIT("{\"userId\":\"u"), false},
        {TEXT_INIT("{\"userId\""), false},
        {TEXT_INIT("{\"userId\" \"u\"}"), false},
        {TEXT_INIT("{}"), false},
        {TEXT_INIT("{"), false},
        {TEXT_INIT(""), false},
        {{NULL, 0}, false},
        {TEXT_INIT("[]"), false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        if (rating_event_read_twice(cases[i].json) != cases[i].plain) {
            fail_msg("%.*s", TEXT_ARGUMENTS(cases[i].json));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_hundredth_is_exact),
        cmocka_unit_test(test_short_texts_are_exact),
        cmocka_unit_test(test_other_texts_are_refused),
        cmocka_unit_test(test_other_numbers_are_refused),
        cmocka_unit_test(test_events_are_read),
        cmocka_unit_test(test_other_events_are_refused),
        cmocka_unit_test(test_event_ids_have_a_limit),
        cmocka_unit_test(test_plain_events_are_read_as_trees_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
