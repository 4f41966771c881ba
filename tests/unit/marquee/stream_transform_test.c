/* Transformation and routing: what is written, what is set aside, and that a second time gives the
 * same again. */
#include "marquee/stream_transform.h"

#include <stdio.h>

#include "base/buffer.h"

#include "marquee/stream_log_scene.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TIME_MS = 1000, LINES_BYTES = 64 * 1024 };

#define EVENT_OF(provider, type, value, more)                                                      \
    "{\"userId\":\"u\",\"recordId\":\"tt1\",\"recordType\":\"" type "\",\"value\":" value          \
    ",\"providerId\":\"" provider "\",\"eventType\":\"put\"" more "}"
#define WRITTEN(provider, type, value, id, time)                                                   \
    "{\"userId\":\"u\",\"recordId\":\"tt1\",\"recordType\":\"" type "\",\"value\":" value          \
    ",\"providerId\":\"" provider "\",\"eventType\":\"put\",\"eventId\":\"" id                     \
    "\",\"eventTime\":\"" time "\"}"

/* A record that is set aside, with its headers. */
#define SET_ASIDE(value, offset, reason)                                                           \
    "k " value                                                                                     \
    " __connect.errors.topic=from __connect.errors.partition=0 __connect.errors.offset=" offset    \
    " __connect.errors.exception.message=" reason "\n"

struct scene {
    struct stream_log_scene log;
    struct buffer lines; /* of a topic: key, value and headers */
    void (*body)(struct scene *scene);
};

static void run_body(void *argument)
{
    struct scene *scene = argument;
    stream_log_scene_open(&scene->log, 1);
    buffer_init(&scene->lines, LINES_BYTES);
    scene->body(scene);
    buffer_deinit(&scene->lines);
    stream_log_scene_close(&scene->log);
}

#define STREAM_TEST(name)                                                                          \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct scene scene = {.body = name};                                                       \
        (void)state;                                                                               \
        in_fiber(run_body, &scene);                                                                \
    }

static void append(struct scene *scene, const char *value)
{
    stream_log_scene_append(
        &scene->log, "from",
        (struct eventlog_message){.key = TEXT("k"), .value = text_of(value), .time_ms = TIME_MS});
}

static enum status visit(void *state, struct call *call, const struct eventlog_batch *batch)
{
    struct scene *scene = state;
    (void)call;
    for (size_t i = 0; i < batch->count; i++) {
        const struct eventlog_record *record = &batch->records[i];
        assert_true(buffer_format(&scene->lines, "%.*s %.*s", TEXT_ARGUMENTS(record->key),
                                  TEXT_ARGUMENTS(record->value)));
        for (size_t j = 0; j < record->header_count; j++) {
            assert_true(buffer_format(&scene->lines, " %.*s=%.*s",
                                      TEXT_ARGUMENTS(record->headers[j].name),
                                      TEXT_ARGUMENTS(record->headers[j].value)));
        }
        assert_true(buffer_append_byte(&scene->lines, '\n'));
    }
    return STATUS_OK;
}

static void check_topic(struct scene *scene, const char *topic, const char *want)
{
    buffer_clear(&scene->lines);
    stream_log_scene_read(&scene->log, topic, visit, scene);
    assert_true(buffer_append_byte(&scene->lines, '\0'));
    assert_string_equal(scene->lines.data, want);
}

static enum status run(struct scene *scene, void *state,
                       enum status (*process)(void *state, struct call *call,
                                              const struct eventlog_batch *batch,
                                              struct eventlog_outputs *outputs))
{
    struct eventlog_processor processor = {.process = process, .state = state};
    return stream_log_scene_run(&scene->log, "g", "from", (struct eventlog_positions){.get = NULL},
                                &processor);
}

static void open_transform(struct scene *scene, struct stream_transform *transform)
{
    *transform = (struct stream_transform){
        .to = TEXT("to"), .refused = TEXT("refused"), .key = STREAM_KEY_USER};
    assert_int_equal(stream_scales_parse(&scene->log.call, TEXT("stars=stars;tomatoes=percent"),
                                         &transform->scales),
                     STATUS_OK);
}

static void scales_are_applied(struct scene *scene)
{
    struct stream_transform transform;
    append(scene, EVENT_OF("stars", "movie", "3.5", ""));
    append(scene, EVENT_OF("tomatoes", "actor", "87",
                           ",\"eventId\":\"e1\",\"eventTime\":\"2026-01-02T03:04:05+01:00\""));
    append(scene, EVENT_OF("stars", "movie", "5.5", ""));
    append(scene, EVENT_OF("moons", "movie", "5", ""));
    append(scene, "{");
    append(scene, "{\"userId\":\"u\",\"recordId\":\"tt1\",\"recordType\":\"movie\",\"providerId\":"
                  "\"stars\",\"eventType\":\"delete\"}");
    open_transform(scene, &transform);
    assert_int_equal(run(scene, &transform, stream_transform_process), STATUS_OK);
    assert_int_equal(transform.written, 3);
    assert_int_equal(transform.refused_count, 3);
    check_topic(
        scene, "to",
        "u " WRITTEN(
            "stars", "movie", "7", "from/0/0",
            "1970-01-01T00:00:01Z") "\n"
                                    "u " WRITTEN(
                                        "tomatoes", "actor", "8.7", "e1",
                                        "2026-01-02T02:04:05Z") "\n"
                                                                "u "
                                                                "{\"userId\":\"u\",\"recordId\":"
                                                                "\"tt1\",\"recordType\":\"movie\","
                                                                "\"providerId\":"
                                                                "\"stars\",\"eventType\":"
                                                                "\"delete\",\"eventId\":\"from/0/"
                                                                "5\",\"eventTime\":"
                                                                "\"1970-01-01T00:00:01Z\"}\n");
    check_topic(
        scene, "refused",
        SET_ASIDE(EVENT_OF("stars", "movie", "5.5", ""), "2",
                  "value 5.5 is not on this provider's scale of 0 to 5")
            SET_ASIDE(EVENT_OF("moons", "movie", "5", ""), "3", "provider 'moons' has no scale")
                SET_ASIDE("{", "4",
                          "malformed JSON at line 1, column 2: a member's name must be a "
                          "string"));
}
STREAM_TEST(scales_are_applied)

static void events_go_by_record_type(struct scene *scene)
{
    struct stream_route route = {
        .prefix = TEXT("to"), .refused = TEXT("refused"), .key = STREAM_KEY_RECORD};
    append(scene, EVENT_OF("p", "movie", "7.5", ",\"more\":{}"));
    append(scene, EVENT_OF("p", "actor", "1e1", ""));
    append(scene, EVENT_OF("p", "soundtrack", "11", "")); /* the rating service refuses it */
    append(scene, EVENT_OF("p", "series", "1", ""));
    append(scene, EVENT_OF("p", "movie", "\"7\"", ""));
    assert_int_equal(run(scene, &route, stream_route_process), STATUS_OK);
    assert_int_equal(route.written, 3);
    assert_int_equal(route.refused_count, 2);
    check_topic(scene, "to.movie",
                "tt1 " WRITTEN("p", "movie", "7.5", "from/0/0", "1970-01-01T00:00:01Z") "\n");
    check_topic(scene, "to.actor",
                "tt1 " WRITTEN("p", "actor", "1e1", "from/0/1", "1970-01-01T00:00:01Z") "\n");
    check_topic(scene, "to.soundtrack",
                "tt1 " WRITTEN("p", "soundtrack", "11", "from/0/2", "1970-01-01T00:00:01Z") "\n");
    check_topic(scene, "refused",
                SET_ASIDE(EVENT_OF("p", "series", "1", ""), "3",
                          "record type is unknown; known are: movie actor soundtrack")
                    SET_ASIDE(EVENT_OF("p", "movie", "\"7\"", ""), "4",
                              "value must be a number, not a string"));
}
STREAM_TEST(events_go_by_record_type)

/* Ended behind its produce and before its commit, it writes the same bytes again. */
static void a_second_time_gives_the_same(struct scene *scene)
{
    static const char once[] =
        "u " WRITTEN("stars", "movie", "2", "from/0/0", "1970-01-01T00:00:01Z") "\n";
    struct stream_transform transform;
    char twice[2 * sizeof(once)];
    append(scene, EVENT_OF("stars", "movie", "1", ""));
    open_transform(scene, &transform);
    scene->log.fatal_produce = 1;
    scene->log.fatal_afterwards = true;
    assert_int_equal(run(scene, &transform, stream_transform_process), STATUS_INTERNAL);
    check_topic(scene, "to", once);
    assert_int_equal(run(scene, &transform, stream_transform_process), STATUS_OK);
    (void)snprintf(twice, sizeof(twice), "%s%s", once, once);
    check_topic(scene, "to", twice);
}
STREAM_TEST(a_second_time_gives_the_same)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scales_are_applied_test),
        cmocka_unit_test(events_go_by_record_type_test),
        cmocka_unit_test(a_second_time_gives_the_same_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
