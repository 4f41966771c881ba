#include "rating/model/rating_event.h"

#include "base/arena.h"
#include "support/cmocka_test.h"

enum { ARENA_BYTES = 1024 * 1024 };

/* The members of an event; NULL leaves one out. */
struct parts {
    const char *user;
    const char *record;
    const char *type;
    const char *value;
    const char *provider;
    const char *kind;
    const char *time;
    const char *more;
};

static const struct parts good = {
    .user = "\"u\"",
    .record = "\"tt1\"",
    .type = "\"movie\"",
    .value = "7.5",
    .provider = "\"imdb\"",
    .kind = "\"put\"",
};

static struct text member(struct arena *arena, const char *name, const char *value)
{
    return value != NULL ? arena_format(arena, "\"%s\":%s,", name, value) : TEXT("");
}

static struct text write_event(struct arena *arena, const struct parts *parts)
{
    struct text user = member(arena, "userId", parts->user);
    struct text record = member(arena, "recordId", parts->record);
    struct text type = member(arena, "recordType", parts->type);
    struct text value = member(arena, "value", parts->value);
    struct text provider = member(arena, "providerId", parts->provider);
    struct text kind = member(arena, "eventType", parts->kind);
    struct text time = member(arena, "eventTime", parts->time);
    return arena_format(arena, "{%.*s%.*s%.*s%.*s%.*s%.*s%.*s%s\"last\":0}", TEXT_ARGUMENTS(user),
                        TEXT_ARGUMENTS(record), TEXT_ARGUMENTS(type), TEXT_ARGUMENTS(value),
                        TEXT_ARGUMENTS(provider), TEXT_ARGUMENTS(kind), TEXT_ARGUMENTS(time),
                        parts->more != NULL ? parts->more : "");
}

/* Parts of `good` that another value stands in for. "-" leaves the member out. */
static struct parts with(const struct parts *other)
{
    const char *const from[] = {other->user,     other->record, other->type, other->value,
                                other->provider, other->kind,   other->time, other->more};
    struct parts parts = good;
    const char **const to[] = {&parts.user,     &parts.record, &parts.type, &parts.value,
                               &parts.provider, &parts.kind,   &parts.time, &parts.more};
    for (size_t i = 0; i < ARRAY_LENGTH(to); i++) {
        if (from[i] != NULL) {
            *to[i] = strcmp(from[i], "-") == 0 ? NULL : from[i];
        }
    }
    return parts;
}

static void events_that_are_taken(void **state)
{
    static const struct {
        const char *name;
        struct parts parts;
        struct rating_change want;
    } cases[] = {
        {"put", {.more = NULL}, {.kind = RATING_PUT, .hundredths = 750}},
        {"whole number", {.value = "10"}, {.kind = RATING_PUT, .hundredths = 1000}},
        {"zero", {.value = "0.00"}, {.kind = RATING_PUT, .hundredths = 0}},
        {"hundredth", {.value = "7.11"}, {.kind = RATING_PUT, .hundredths = 711}},
        {"exponent", {.value = "75e-1"}, {.kind = RATING_PUT, .hundredths = 750}},
        {"delete", {.kind = "\"delete\""}, {.kind = RATING_DELETE}},
        {"delete without value", {.kind = "\"delete\"", .value = "-"}, {.kind = RATING_DELETE}},
        {"delete with any value", {.kind = "\"delete\"", .value = "[]"}, {.kind = RATING_DELETE}},
        {"unknown fields",
         {.more = "\"eventId\":7,\"extra\":{\"value\":[1]},"},
         {.kind = RATING_PUT, .hundredths = 750}},
        {"time in UTC",
         {.time = "\"1970-01-01T00:00:01.5Z\""},
         {.kind = RATING_PUT, .hundredths = 750, .has_time = true, .time_ms = 1500}},
        {"time with an offset",
         {.time = "\"1970-01-01T02:00:00+02:00\""},
         {.kind = RATING_PUT, .hundredths = 750, .has_time = true, .time_ms = 0}},
        {"time before 1970",
         {.time = "\"1969-12-31T23:59:59Z\""},
         {.kind = RATING_PUT, .hundredths = 750, .has_time = true, .time_ms = -1000}},
    };
    struct arena arena;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct call call;
        struct rating_change got;
        const struct parts parts = with(&cases[i].parts);
        const struct rating_change *want = &cases[i].want;
        call_init(&call, &arena, 0);
        if (rating_event_decode(&call, write_event(&arena, &parts), &got) != STATUS_OK) {
            fail_msg("%s: %.*s", cases[i].name, TEXT_ARGUMENTS(call.error.message));
        }
        if (got.kind != want->kind || got.hundredths != want->hundredths ||
            got.has_time != want->has_time || got.time_ms != want->time_ms) {
            fail_msg("%s: %d %d %d %ld", cases[i].name, (int)got.kind, (int)got.hundredths,
                     (int)got.has_time, (long)got.time_ms);
        }
        assert_true(text_equal(got.key.user, TEXT("u")));
        assert_true(text_equal(got.key.record.id, TEXT("tt1")));
        assert_int_equal(got.key.record.type, RECORD_TYPE_MOVIE);
        assert_true(text_equal(got.key.provider, TEXT("imdb")));
    }
    arena_deinit(&arena);
}

/* `words`: what the reason holds. */
static void assert_refused(struct arena *arena, struct text json, const char *words)
{
    struct call call;
    struct rating_change got = {.hundredths = -1};
    call_init(&call, arena, 0);
    enum status status = rating_event_decode(&call, json, &got);
    struct text message = arena_copy(arena, call.error.message);
    if (status != STATUS_INVALID_ARGUMENT || strstr(message.data, words) == NULL) {
        fail_msg("%.*s: %s '%s', not '%s'", TEXT_ARGUMENTS(json), status_name(status), message.data,
                 words);
    }
    assert_int_equal(got.hundredths, -1);
}

static void members_that_are_refused(void **state)
{
    static const struct {
        struct parts parts;
        const char *words;
    } cases[] = {
        {{.user = "-"}, "userId must be a string"},
        {{.record = "-"}, "recordId must be a string"},
        {{.type = "-"}, "recordType must be a string"},
        {{.value = "-"}, "value must be a number"},
        {{.provider = "-"}, "providerId must be a string"},
        {{.kind = "-"}, "eventType must be a string"},
        {{.user = "7"}, "userId must be a string, not a number"},
        {{.record = "null"}, "recordId must be a string, not null"},
        {{.type = "[]"}, "recordType must be a string, not an array"},
        {{.provider = "{}"}, "providerId must be a string, not an object"},
        {{.kind = "true"}, "eventType must be a string, not a boolean"},
        {{.value = "\"7\""}, "value must be a number, not a string"},
        {{.time = "0"}, "eventTime must be a string, not a number"},
        {{.user = "\"\""}, "user id is empty"},
        {{.record = "\"\""}, "record id is empty"},
        {{.type = "\"\""}, "record type is empty; known are: movie actor soundtrack"},
        {{.type = "\"Movie\""}, "record type is unknown; known are: movie actor soundtrack"},
        {{.kind = "\"PUT\""}, "eventType must be put or delete"},
        {{.value = "10.01"}, "a rating must be 0 to 10 points"},
        {{.value = "-1"}, "a rating must be 0 to 10 points"},
        {{.value = "7.125"}, "a rating has two decimals at most"},
        {{.value = "1e400"}, ""},
        {{.time = "\"\""}, "eventTime is not a time in RFC 3339"},
        {{.time = "\"yesterday\""}, "eventTime is not a time in RFC 3339"},
        {{.time = "\"2026-02-30T00:00:00Z\""}, "eventTime is not a time in RFC 3339"},
        {{.time = "\"2026-02-03\""}, "eventTime is not a time in RFC 3339"},
        {{.user = "\"u\\u0000x\""}, ""},
        {{.user = "\"u\xff\""}, ""},
        {{.user = "\"\\ud800\""}, ""},
        {{.more = "\"userId\":\"other\","}, ""},
    };
    struct arena arena;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct parts parts = with(&cases[i].parts);
        assert_refused(&arena, write_event(&arena, &parts), cases[i].words);
    }
    arena_deinit(&arena);
}

static void lengths_at_their_limits(void **state)
{
    static const struct {
        const char *name;
        size_t bytes_max;
        const char *words;
    } cases[] = {
        {"userId", RATING_USER_BYTES_MAX, "user id is longer than 128 bytes"},
        {"recordId", RATING_RECORD_BYTES_MAX, "record id is longer than 128 bytes"},
        {"providerId", RATING_PROVIDER_BYTES_MAX, "provider id is longer than 64 bytes"},
    };
    char bytes[RATING_USER_BYTES_MAX + 1];
    struct arena arena;
    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        for (size_t over = 0; over <= 1; over++) {
            struct text value =
                arena_format(&arena, "\"%.*s\"", (int)(cases[i].bytes_max + over), bytes);
            struct parts parts = good;
            const char **const members[] = {&parts.user, &parts.record, &parts.provider};
            struct call call;
            struct rating_change got;
            *members[i] = value.data;
            call_init(&call, &arena, 0);
            if (over != 0) {
                assert_refused(&arena, write_event(&arena, &parts), cases[i].words);
            } else {
                assert_int_equal(rating_event_decode(&call, write_event(&arena, &parts), &got),
                                 STATUS_OK);
            }
        }
    }
    arena_deinit(&arena);
}

static void texts_that_are_no_event(void **state)
{
    static const struct text cases[] = {
        TEXT_INIT(""),     TEXT_INIT("{"),    TEXT_INIT("not json"), TEXT_INIT("\0"),
        TEXT_INIT("{}{}"), TEXT_INIT("\xff"), TEXT_INIT("{}"),
    };
    struct arena arena;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_refused(&arena, cases[i], "");
    }
    assert_refused(&arena, TEXT("[]"), "an event is an object, not an array");
    assert_refused(&arena, TEXT("null"), "an event is an object, not null");
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_that_are_taken),
        cmocka_unit_test(members_that_are_refused),
        cmocka_unit_test(lengths_at_their_limits),
        cmocka_unit_test(texts_that_are_no_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
