/* Ingestion from the embedded log: killed at any moment and started again, it loses and doubles
 * nothing. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "system/rating_oracle.h"

enum {
    ROUNDS = 50,
    EVENTS_A_ROUND = 400,
    LIFE_US_MAX = 30000, /* a rating service is left alone for up to so long */
    PATH_BYTES = 256,
};

struct scene {
    char directory[SCRATCH_PATH_BYTES];
    char store[PATH_BYTES];
    char log[PATH_BYTES];
    char events[PATH_BYTES];
    struct service_process rating;
    struct rating_oracle oracle;
    unsigned total; /* events in the log */
};

static void make_argument(char argument[static PATH_BYTES], const char *name, const char *value)
{
    int length = snprintf(argument, PATH_BYTES, "--%s=%s", name, value);
    assert_true(length > 0 && length < PATH_BYTES);
}

static void make_path(char path[static PATH_BYTES], const char *directory, const char *name)
{
    int length = snprintf(path, PATH_BYTES, "%s/%s", directory, name);
    assert_true(length > 0 && length < PATH_BYTES);
}

/* Small batches, so that a kill finds some applied and some not. */
static void start_rating(struct scene *scene)
{
    char store[PATH_BYTES];
    char log[PATH_BYTES];
    make_argument(store, "data", scene->store);
    make_argument(log, "event-log-directory", scene->log);
    const char *const arguments[] = {
        "--listen=127.0.0.1:0", "--registry=", "--threads=1", "--ingest-batch=20",
        "--rating-step=0.01",   store,         log,           NULL};
    service_process_start(&scene->rating, scene->directory, "rating", "marquee-rating", arguments,
                          NULL);
}

static void append_events(struct scene *scene, unsigned count)
{
    struct service_process ingest = {.id = 0};
    char log[PATH_BYTES];
    FILE *file = fopen(scene->events, "we");
    assert_non_null(file);
    for (unsigned i = 0; i < count; i++) {
        rating_oracle_write_event(&scene->oracle, file);
    }
    assert_int_equal(fclose(file), 0);
    make_argument(log, "event-log-directory", scene->log);
    const char *const arguments[] = {"ingest", "--raw", log, scene->events, NULL};
    service_process_start(&ingest, scene->directory, "ingest", "marquee", arguments, NULL);
    assert_int_equal(service_process_await_end(&ingest, SERVICE_WAIT_MS), 0);
    service_process_kill(&ingest);
    scene->total += count;
}

/* The value of a line of /metrics, or -1. */
static int64_t metric(struct scene *scene, struct call *call, const char *name)
{
    struct wire_reply reply = wire_http_get(call, scene->rating.address, "/metrics");
    struct text rest = reply.body;
    while (rest.data != NULL) {
        struct text line = text_next(&rest, '\n');
        uint64_t value;
        if (text_equal(text_next(&line, ' '), text_of(name)) && text_to_u64(line, &value)) {
            return (int64_t)value;
        }
    }
    return -1;
}

/* Counters start at 0 with the process, so the end shows in that nothing is behind any more: all
 * votes and letters equal the oracle's. */
static void await_all_applied(struct scene *scene, struct rpc_client *client)
{
    struct test_call test;
    test_call_init(&test, SERVICE_WAIT_MS);
    while (rating_oracle_count_dead_letters(client) < (int)scene->oracle.bad_count ||
           metric(scene, &test.call, "marquee_ingestion_up") != 1) {
        assert_int_equal(call_check(&test.call), STATUS_OK);
    }
    test_call_deinit(&test);
}

static void open_scene(struct scene *scene, uint64_t seed)
{
    memset(scene, 0, sizeof(*scene));
    scratch_directory_make(scene->directory);
    make_path(scene->store, scene->directory, "rating");
    make_path(scene->log, scene->directory, "eventlog");
    make_path(scene->events, scene->directory, "events.jsonl");
    rating_oracle_init(&scene->oracle, seed);
}

static void close_scene(struct scene *scene)
{
    service_process_stop(&scene->rating);
    scratch_directory_remove(scene->directory);
}

/* A last bad event goes to each partition in the end: when its letter is there, all before it in
 * that partition has been applied. */
static void append_last_events(struct scene *scene)
{
    FILE *file = fopen(scene->events, "we");
    assert_non_null(file);
    for (unsigned user = 0; user < ORACLE_USERS; user++) {
        (void)fprintf(file, "{\"userId\":\"user-%u\",\"recordId\":\"\"}\n", user);
        scene->oracle.bad_count++;
    }
    assert_int_equal(fclose(file), 0);
    char log[PATH_BYTES];
    make_argument(log, "event-log-directory", scene->log);
    struct service_process ingest = {.id = 0};
    const char *const arguments[] = {"ingest", "--raw", log, scene->events, NULL};
    service_process_start(&ingest, scene->directory, "ingest", "marquee", arguments, NULL);
    assert_int_equal(service_process_await_end(&ingest, SERVICE_WAIT_MS), 0);
    service_process_kill(&ingest);
}

static void kill_rounds(struct scene *scene)
{
    unsigned killed_ready = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        start_rating(scene);
        append_events(scene, EVENTS_A_ROUND);
        int64_t life_ns = (int64_t)rating_oracle_draw(&scene->oracle, LIFE_US_MAX) * 1000;
        assert_int_equal(fiber_sleep(NULL, life_ns), STATUS_OK);
        killed_ready += service_process_line(&scene->rating, "message=\"ready\"").length > 0;
        service_process_kill(&scene->rating);
    }
    print_message("%d kills, %u of them of a service that was ready; %u events\n", ROUNDS,
                  killed_ready, scene->total);
}

static void run_killed_while_ingesting(void *argument)
{
    struct scene *scene = argument;
    struct rpc_client client;
    open_scene(scene, 11);
    kill_rounds(scene);
    append_last_events(scene);
    start_rating(scene);
    service_process_await_ready(&scene->rating);
    rpc_client_open_one(&client, scene->rating.address);
    await_all_applied(scene, &client);
    assert_int_equal(rating_oracle_count_dead_letters(&client), (int)scene->oracle.bad_count);
    assert_int_equal(rating_oracle_compare(&scene->oracle, &client), 0);

    /* The comparison sees one event less and one more. */
    struct oracle_vote *vote = &scene->oracle.votes[0][0][0];
    struct oracle_vote kept = *vote;
    *vote = (struct oracle_vote){.exists = true, .hundredths = kept.hundredths == 10 ? 20 : 10};
    assert_true(rating_oracle_compare(&scene->oracle, &client) > 0);
    *vote = (struct oracle_vote){.exists = false};
    assert_true(!kept.exists || kept.deleted || rating_oracle_compare(&scene->oracle, &client) > 0);
    rpc_client_close(&client);
    close_scene(scene);
}

static void killed_while_ingesting(void **state)
{
    static struct scene scene;
    (void)state;
    in_fiber(run_killed_while_ingesting, &scene);
}

static void run_topic_comes_later(void *argument)
{
    struct scene *scene = argument;
    struct test_call test;
    struct rpc_client client;
    open_scene(scene, 12);
    start_rating(scene);
    service_process_await_ready(&scene->rating);
    assert_true(service_process_await(&scene->rating, "the topic does not exist yet", 0));
    test_call_init(&test, SERVICE_WAIT_MS);
    assert_int_equal(wire_http_get(&test.call, scene->rating.address, "/readyz").status, 200);
    test_call_deinit(&test);

    append_events(scene, EVENTS_A_ROUND);
    append_last_events(scene);
    rpc_client_open_one(&client, scene->rating.address);
    await_all_applied(scene, &client);
    assert_int_equal(rating_oracle_compare(&scene->oracle, &client), 0);
    rpc_client_close(&client);
    close_scene(scene);
}

static void topic_comes_later(void **state)
{
    static struct scene scene;
    (void)state;
    in_fiber(run_topic_comes_later, &scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topic_comes_later),
        cmocka_unit_test(killed_while_ingesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
