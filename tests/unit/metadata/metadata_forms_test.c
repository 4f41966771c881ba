/* Metadata as JSON and as messages, both ways. */
#include "base/arena.h"
#include "metadata/model/metadata_json.h"
#include "metadata/model/metadata_message.h"
#include "proto/proto.h"
#include "support/cmocka_test.h"
#include "json/json.h"

struct fixture {
    struct arena arena;
    struct call call;
};

static int setup(void **state)
{
    struct fixture *fixture = test_calloc(1, sizeof(*fixture));
    arena_init(&fixture->arena, 16 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    arena_deinit(&fixture->arena);
    test_free(fixture);
    return 0;
}

static const struct text genres[] = {TEXT_INIT("Drama"), TEXT_INIT("Science \"Fiction\"")};

static const struct external_score scores[] = {
    {TEXT_INIT("imdb"), 8.7, 2100000},
    {TEXT_INIT("other"), 0, 0},
};

static const struct metadata whole = {
    .id = TEXT_INIT("tt1"),
    .title = TEXT_INIT("Früh"),
    .description = TEXT_INIT("one\ntwo"),
    .director = TEXT_INIT("Somebody"),
    .year = 1999,
    .genres = genres,
    .genre_count = ARRAY_LENGTH(genres),
    .imdb_id = TEXT_INIT("tt0000001"),
    .tmdb_id = TEXT_INIT("603"),
    .popularity = 4000000000U,
    .external_scores = scores,
    .external_score_count = ARRAY_LENGTH(scores),
};

static void assert_text(struct text got, struct text want)
{
    if (!text_equal(got, want)) {
        fail_msg("'%.*s', not '%.*s'", TEXT_ARGUMENTS(got), TEXT_ARGUMENTS(want));
    }
}

static void assert_same(const struct metadata *got, const struct metadata *want)
{
    assert_text(got->id, want->id);
    assert_text(got->title, want->title);
    assert_text(got->description, want->description);
    assert_text(got->director, want->director);
    assert_int_equal(got->year, want->year);
    assert_int_equal(got->popularity, want->popularity);
    assert_text(got->imdb_id, want->imdb_id);
    assert_text(got->tmdb_id, want->tmdb_id);
    assert_int_equal(got->genre_count, want->genre_count);
    for (size_t i = 0; i < want->genre_count; i++) {
        assert_text(got->genres[i], want->genres[i]);
    }
    assert_int_equal(got->external_score_count, want->external_score_count);
    for (size_t i = 0; i < want->external_score_count; i++) {
        assert_text(got->external_scores[i].source, want->external_scores[i].source);
        assert_true(got->external_scores[i].value == want->external_scores[i].value);
        assert_int_equal(got->external_scores[i].votes, want->external_scores[i].votes);
    }
}

static const struct {
    const struct metadata *metadata;
    const char *json;
} written[] = {
    {&(const struct metadata){.id = TEXT_INIT("a"), .title = TEXT_INIT("b")},
     "{\"id\":\"a\",\"title\":\"b\",\"description\":\"\",\"director\":\"\"}"},
    {&whole,
     "{\"id\":\"tt1\",\"title\":\"Früh\",\"description\":\"one\\ntwo\",\"director\":\"Somebody\","
     "\"year\":1999,\"genres\":[\"Drama\",\"Science \\\"Fiction\\\"\"],\"imdbId\":\"tt0000001\","
     "\"tmdbId\":\"603\",\"popularity\":4000000000,\"externalScores\":["
     "{\"source\":\"imdb\",\"value\":8.7,\"votes\":2100000},"
     "{\"source\":\"other\",\"value\":0,\"votes\":0}]}"},
};

static void json_both_ways(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(written); i++) {
        struct buffer buffer;
        struct json_writer writer;
        const struct json *json;
        struct metadata got;
        buffer_init(&buffer, 4096);
        json_writer_init(&writer, &buffer);
        metadata_write_json(&writer, written[i].metadata);
        assert_true(json_writer_end(&writer));
        assert_text(buffer_text(&buffer), text_of(written[i].json));
        assert_int_equal(json_parse(&fixture->call, buffer_text(&buffer), &json), STATUS_OK);
        assert_int_equal(metadata_from_json(&fixture->call, json, &got), STATUS_OK);
        assert_same(&got, written[i].metadata);
        buffer_deinit(&buffer);
    }
}

static void messages_both_ways(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(written); i++) {
        struct metadata got;
        Metadata *message = metadata_to_message(&fixture->arena, written[i].metadata);
        assert_non_null(message);
        assert_int_equal(metadata_from_message(&fixture->arena, message, &got), STATUS_OK);
        assert_same(&got, written[i].metadata);
    }
}

static void missing_message_is_all_empty(void **state)
{
    struct fixture *fixture = *state;
    struct metadata got = whole;
    const struct metadata empty = {.year = 0};
    assert_int_equal(metadata_from_message(&fixture->arena, NULL, &got), STATUS_OK);
    assert_same(&got, &empty);
}

static void json_that_is_refused(void **state)
{
    static const struct {
        const char *json;
        const char *words;
    } cases[] = {
        {"[]", "the metadata must be an object, not an array"},
        {"\"tt1\"", "the metadata must be an object, not a string"},
        {"{\"id\":1}", "id must be a string, not a number"},
        {"{\"title\":[]}", "title must be a string, not an array"},
        {"{\"description\":{}}", "description must be a string, not an object"},
        {"{\"director\":true}", "director must be a string, not a boolean"},
        {"{\"imdbId\":7}", "imdbId must be a string, not a number"},
        {"{\"tmdbId\":603}", "tmdbId must be a string, not a number"},
        {"{\"year\":\"1999\"}", "year must be a whole number, not a string"},
        {"{\"year\":1999.5}", "year must be a whole number"},
        {"{\"popularity\":true}", "popularity must be a whole number, not a boolean"},
        {"{\"popularity\":-1}", "popularity is not 0 to 4294967295"},
        {"{\"popularity\":4294967296}", "popularity is not 0 to 4294967295"},
        {"{\"genres\":\"Drama\"}", "genres must be an array, not a string"},
        {"{\"genres\":[\"Drama\",null]}", "a genre must be a string, not null"},
        {"{\"externalScores\":{}}", "externalScores must be an array, not an object"},
        {"{\"externalScores\":[8.7]}", "an external score must be an object, not a number"},
        {"{\"externalScores\":[{\"value\":8}]}",
         "the source of an external score must be a string, not nothing"},
        {"{\"externalScores\":[{\"source\":\"x\",\"value\":\"8\"}]}",
         "the value of an external score must be a number, not a string"},
        {"{\"externalScores\":[{\"source\":\"x\",\"value\":8,\"votes\":-1}]}",
         "votes is not 0 to 4294967295"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct json *json;
        struct metadata got = whole;
        struct call call = call_within(&fixture->call, 0);
        assert_int_equal(json_parse(&call, text_of(cases[i].json), &json), STATUS_OK);
        assert_int_equal(metadata_from_json(&call, json, &got), STATUS_INVALID_ARGUMENT);
        assert_text(call.error.message, text_of(cases[i].words));
        assert_same(&got, &whole); /* outputs are written on STATUS_OK only */
    }
}

static void null_and_unknown_members_are_passed_over(void **state)
{
    static const char text[] = "{\"id\":\"a\",\"title\":null,\"year\":null,\"genres\":null,"
                               "\"imdbId\":null,\"stars\":[{\"name\":\"x\"}]}";
    const struct metadata want = {.id = TEXT("a")};
    struct fixture *fixture = *state;
    const struct json *json;
    struct metadata got;
    assert_int_equal(json_parse(&fixture->call, text_of(text), &json), STATUS_OK);
    assert_int_equal(metadata_from_json(&fixture->call, json, &got), STATUS_OK);
    assert_same(&got, &want);
}

/* A year that the field cannot hold must not come out as one that it can. */
static void year_past_the_field_is_out_of_range(void **state)
{
    static const struct {
        const char *year;
        enum status want;
    } cases[] = {
        {"1869", STATUS_INVALID_ARGUMENT},
        {"1870", STATUS_OK},
        {"2200", STATUS_OK},
        {"2201", STATUS_INVALID_ARGUMENT},
        {"0", STATUS_OK},
        {"-1", STATUS_INVALID_ARGUMENT},
        {"2147483648", STATUS_INVALID_ARGUMENT},
        {"4294969295", STATUS_INVALID_ARGUMENT}, /* 1999 when cut to 32 bits */
        {"-4294965297", STATUS_INVALID_ARGUMENT},
        {"9223372036854775807", STATUS_INVALID_ARGUMENT},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct json *json;
        struct metadata got;
        struct text text = arena_format(
            &fixture->arena, "{\"id\":\"a\",\"title\":\"b\",\"year\":%s}", cases[i].year);
        assert_int_equal(json_parse(&fixture->call, text, &json), STATUS_OK);
        assert_int_equal(metadata_from_json(&fixture->call, json, &got), STATUS_OK);
        if (metadata_validate(&fixture->call, &got) != cases[i].want) {
            fail_msg("year %s", cases[i].year);
        }
    }
}

static void without_room(void **state)
{
    struct arena arena;
    struct metadata got;
    (void)state;
    arena_init(&arena, 8);
    assert_null(metadata_to_message(&arena, &whole));
    Metadata message = METADATA__INIT;
    ProtobufCBinaryData many[4] = {{.len = 0}};
    message.genres = many;
    message.n_genres = ARRAY_LENGTH(many);
    assert_int_equal(metadata_from_message(&arena, &message, &got), STATUS_RESOURCE_EXHAUSTED);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(json_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(messages_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(missing_message_is_all_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(json_that_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(null_and_unknown_members_are_passed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(year_past_the_field_is_out_of_range, setup, teardown),
        cmocka_unit_test(without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
