/* Ingestion from the embedded log: killed at any moment and started again, it loses and doubles
 * nothing. */
#include <unistd.h>

#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "system/ingest_scene.h"

enum {
    ROUNDS = 50,
    EVENTS_A_ROUND = 400,
    LIFE_US_MAX = 30000, /* a rating service is left alone for up to so long */
};

static void kill_rounds(struct ingest_scene *scene)
{
    unsigned killed_ready = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        ingest_scene_start(scene, 0, NULL);
        ingest_scene_append(scene, EVENTS_A_ROUND);
        int64_t life_ns = (int64_t)rating_oracle_draw(&scene->oracle, LIFE_US_MAX) * 1000;
        assert_int_equal(fiber_sleep(NULL, life_ns), STATUS_OK);
        killed_ready += service_process_line(&scene->ratings[0], "message=\"ready\"").length > 0;
        service_process_kill(&scene->ratings[0]);
    }
    print_message("%d kills, %u of them of a service that was ready; %u events\n", ROUNDS,
                  killed_ready, scene->total);
}

static void run_killed_while_ingesting(void *argument)
{
    struct ingest_scene *scene = argument;
    struct rpc_client client;
    ingest_scene_open(scene, 11);
    kill_rounds(scene);
    ingest_scene_append_last(scene);
    ingest_scene_start(scene, 0, NULL);
    service_process_await_ready(&scene->ratings[0]);
    rpc_client_open_one(&client, scene->ratings[0].address);
    ingest_scene_await_all(scene, 0, &client);
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
    ingest_scene_close(scene);
}

static void killed_while_ingesting(void **state)
{
    static struct ingest_scene scene;
    (void)state;
    in_fiber(run_killed_while_ingesting, &scene);
}

static void run_topic_comes_later(void *argument)
{
    struct ingest_scene *scene = argument;
    struct test_call test;
    struct rpc_client client;
    ingest_scene_open(scene, 12);
    ingest_scene_start(scene, 0, NULL);
    service_process_await_ready(&scene->ratings[0]);
    assert_true(service_process_await(&scene->ratings[0], "the topic does not exist yet", 0));
    test_call_init(&test, SERVICE_WAIT_MS);
    assert_int_equal(wire_http_get(&test.call, scene->ratings[0].address, "/readyz").status, 200);
    test_call_deinit(&test);

    ingest_scene_append(scene, EVENTS_A_ROUND);
    ingest_scene_append_last(scene);
    rpc_client_open_one(&client, scene->ratings[0].address);
    ingest_scene_await_all(scene, 0, &client);
    assert_int_equal(rating_oracle_compare(&scene->oracle, &client), 0);
    rpc_client_close(&client);
    ingest_scene_close(scene);
}

static void topic_comes_later(void **state)
{
    static struct ingest_scene scene;
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
