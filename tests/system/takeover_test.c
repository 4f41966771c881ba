/* Two rating services share one store, one log and one group: one is killed, stopped for longer
 * than its session and let go on, or restarted, under load. Nothing is lost or doubled, and a
 * process that was thought dead is refused. */
#include <signal.h>

#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "system/ingest_scene.h"

enum {
    KILLS = 6,
    EVENTS_A_ROUND = 1000,
    LIFE_US_MAX = 40000, /* between two kills */
    ZOMBIE_EVENTS = 8000,
    STOPS_MAX = 400, /* of a process that always stops inside a write of the store */
    PROBE_MS = 150,
    SHARE_WAIT_MS = 60000, /* until the partitions are shared as they should be */
};

/* Long enough for a machine that has other things to do: who is late is taken for dead. */
#define SESSION "--session-timeout=2s"
#define REFUSED "marquee_ingestion_refused_total"

static void start_ready(struct ingest_scene *scene, unsigned rating)
{
    ingest_scene_start(scene, rating, SESSION);
    service_process_await_ready(&scene->ratings[rating]);
}

/* How many partitions it says to own. */
static unsigned owned(struct ingest_scene *scene, unsigned rating)
{
    unsigned count = 0;
    for (unsigned i = 0; i < 4; i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "marquee_consumer_lag_events{partition=\"%u\"}", i);
        count += ingest_scene_metric(scene, rating, name) >= 0 ? 1 : 0;
    }
    return count;
}

static void await_owned(struct ingest_scene *scene, unsigned rating, unsigned want)
{
    struct test_call test;
    test_call_init(&test, SHARE_WAIT_MS);
    while (owned(scene, rating) != want) {
        assert_int_equal(call_check(&test.call), STATUS_OK);
    }
    test_call_deinit(&test);
}

static void compare(struct ingest_scene *scene, unsigned rating)
{
    struct rpc_client client;
    ingest_scene_append_last(scene);
    rpc_client_open_one(&client, scene->ratings[rating].address);
    ingest_scene_await_all(scene, rating, &client);
    assert_int_equal(rating_oracle_count_dead_letters(&client), (int)scene->oracle.bad_count);
    assert_int_equal(rating_oracle_compare(&scene->oracle, &client), 0);
    rpc_client_close(&client);
}

static void run_killed_in_turn(void *argument)
{
    struct ingest_scene *scene = argument;
    ingest_scene_open(scene, 21);
    start_ready(scene, 0);
    start_ready(scene, 1);
    for (unsigned round = 0; round < KILLS; round++) {
        ingest_scene_append(scene, EVENTS_A_ROUND);
        int64_t life_ns = (int64_t)rating_oracle_draw(&scene->oracle, LIFE_US_MAX) * 1000;
        assert_int_equal(fiber_sleep(NULL, life_ns), STATUS_OK);
        service_process_kill(&scene->ratings[round % 2]);
        start_ready(scene, round % 2);
    }
    compare(scene, 0);
    ingest_scene_close(scene);
}

static void killed_in_turn(void **state)
{
    static struct ingest_scene scene;
    (void)state;
    in_fiber(run_killed_in_turn, &scene);
}

static void run_restarted_in_turn(void *argument)
{
    struct ingest_scene *scene = argument;
    ingest_scene_open(scene, 22);
    start_ready(scene, 0);
    start_ready(scene, 1);
    for (unsigned round = 0; round < 4; round++) {
        ingest_scene_append(scene, EVENTS_A_ROUND);
        service_process_stop(&scene->ratings[round % 2]);
        start_ready(scene, round % 2);
        /* Both have a share again before the next one goes. */
        await_owned(scene, 0, 2);
        await_owned(scene, 1, 2);
    }
    compare(scene, 1);
    ingest_scene_close(scene);
}

static void restarted_in_turn(void **state)
{
    static struct ingest_scene scene;
    (void)state;
    in_fiber(run_restarted_in_turn, &scene);
}

/* Whether the store can be written: not if the other was stopped inside a write. */
static bool can_write(struct rpc_client *client)
{
    struct test_call test;
    test_call_init(&test, PROBE_MS);
    enum status status = rpc_client_put_rating(client, &test.call, "probe", "probe", 100);
    test_call_deinit(&test);
    return status == STATUS_OK;
}

/* Stops the first service inside a write of the store, or at a moment in which it is not, but has a
 * batch that it is about to write, as far as one can tell: there is much behind. */
static void stop(struct ingest_scene *scene, struct rpc_client *other, bool inside_a_write)
{
    for (unsigned i = 0; i < STOPS_MAX; i++) {
        service_process_signal(&scene->ratings[0], SIGSTOP);
        if (can_write(other) != inside_a_write) {
            return;
        }
        service_process_signal(&scene->ratings[0], SIGCONT);
        fiber_yield();
    }
    fail_msg("%d times, it was stopped at another moment", STOPS_MAX);
}

static bool zombie_round(struct ingest_scene *scene, struct rpc_client *other)
{
    ingest_scene_append(scene, ZOMBIE_EVENTS);
    stop(scene, other, false);
    await_owned(scene, 1, 4); /* and so has claimed them all */
    service_process_signal(&scene->ratings[0], SIGCONT);
    await_owned(scene, 0, 2); /* it has come back to the group */
    int64_t refused = ingest_scene_metric(scene, 0, REFUSED);
    print_message("the zombie was refused %lld times\n", (long long)refused);
    return refused > 0;
}

static void run_zombie_is_refused(void *argument)
{
    enum { ROUNDS_MAX = 10 };
    struct ingest_scene *scene = argument;
    struct rpc_client other;
    bool refused = false;
    ingest_scene_open(scene, 23);
    start_ready(scene, 0);
    start_ready(scene, 1);
    rpc_client_open_one(&other, scene->ratings[1].address);
    for (unsigned round = 0; round < ROUNDS_MAX && !refused; round++) {
        refused = zombie_round(scene, &other);
    }
    assert_true(refused); /* else nothing was proven */
    rpc_client_close(&other);
    compare(scene, 1);
    ingest_scene_close(scene);
}

static void zombie_is_refused(void **state)
{
    static struct ingest_scene scene;
    (void)state;
    in_fiber(run_zombie_is_refused, &scene);
}

static bool is_said_ready(struct ingest_scene *scene, const char *words)
{
    struct test_call test;
    test_call_init(&test, SERVICE_WAIT_MS);
    struct wire_reply reply = wire_http_get(&test.call, scene->ratings[1].address, "/readyz");
    char body[1024];
    bool said = text_to_c_string(reply.body, body, sizeof(body)) && strstr(body, words) != NULL;
    assert_int_equal(reply.status, 200);
    test_call_deinit(&test);
    return said;
}

static void await_said(struct ingest_scene *scene, const char *words)
{
    struct test_call test;
    test_call_init(&test, SERVICE_WAIT_MS);
    while (!is_said_ready(scene, words)) {
        assert_int_equal(call_check(&test.call), STATUS_OK);
    }
    test_call_deinit(&test);
}

/* The other one holds the store's lock: ingestion waits, says so, and goes on by itself. */
static void run_store_that_hangs_is_said(void *argument)
{
    struct ingest_scene *scene = argument;
    struct rpc_client other;
    ingest_scene_open(scene, 24);
    start_ready(scene, 0);
    start_ready(scene, 1);
    ingest_scene_append(scene, EVENTS_A_ROUND);
    await_owned(scene, 0, 2);
    await_owned(scene, 1, 2);
    rpc_client_open_one(&other, scene->ratings[1].address);
    ingest_scene_append(scene, ZOMBIE_EVENTS);
    stop(scene, &other, true);
    await_said(scene, "ok   ingestion: events have waited ");
    service_process_signal(&scene->ratings[0], SIGCONT);
    await_said(scene, "ok   ingestion\n");
    rpc_client_close(&other);
    compare(scene, 1);
    ingest_scene_close(scene);
}

static void store_that_hangs_is_said(void **state)
{
    static struct ingest_scene scene;
    (void)state;
    in_fiber(run_store_that_hangs_is_said, &scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_in_turn),
        cmocka_unit_test(restarted_in_turn),
        cmocka_unit_test(zombie_is_refused),
        cmocka_unit_test(store_that_hangs_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
