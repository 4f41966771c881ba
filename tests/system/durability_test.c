/* A vote that was acknowledged is there after SIGKILL, and the aggregates are those of the votes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum {
    ROUNDS = 10,
    VOTERS = 8,
    USERS_PER_VOTER = 25,
    RECORDS = 6,
    LIFE_MS_MIN = 20,
    LIFE_MS_MAX = 200,
    NAME_BYTES = 32,
    CALL_TIMEOUT_MS = 5000,
};

/* What is known of one vote: the last acknowledged value, and one that was sent and not answered.
 */
struct known_vote {
    int acknowledged; /* -1: none */
    int pending;      /* -1: none */
};

struct scene {
    struct cluster cluster;
    struct rpc_client rating;
    struct known_vote votes[VOTERS * USERS_PER_VOTER][RECORDS];
    unsigned acknowledged_count;
    bool killed;
};

struct voter {
    struct scene *scene;
    unsigned number;
};

static enum status put(struct scene *scene, unsigned user, unsigned record, int hundredths)
{
    struct test_call test;
    char user_id[NAME_BYTES];
    char record_id[NAME_BYTES];
    (void)snprintf(user_id, sizeof(user_id), "user-%u", user);
    (void)snprintf(record_id, sizeof(record_id), "movie-%u", record);
    test_call_init(&test, CALL_TIMEOUT_MS);
    enum status status =
        rpc_client_put_rating(&scene->rating, &test.call, user_id, record_id, hundredths);
    test_call_deinit(&test);
    return status;
}

static void vote_until_killed(void *argument)
{
    const struct voter *voter = argument;
    struct scene *scene = voter->scene;
    while (!scene->killed) {
        unsigned user = voter->number * USERS_PER_VOTER + (unsigned)random_below(USERS_PER_VOTER);
        unsigned record = (unsigned)random_below(RECORDS);
        struct known_vote *vote = &scene->votes[user][record];
        vote->pending = 50 * (int)random_below(21);
        if (put(scene, user, record, vote->pending) != STATUS_OK) {
            return; /* it may or may not have been stored */
        }
        vote->acknowledged = vote->pending;
        vote->pending = -1;
        scene->acknowledged_count++;
    }
}

static void kill_while_voting(struct scene *scene)
{
    struct fiber_group group;
    struct voter voters[VOTERS];
    scene->killed = false;
    fiber_group_init(&group);
    for (unsigned i = 0; i < VOTERS; i++) {
        voters[i] = (struct voter){scene, i};
        assert_int_equal(fiber_group_start(&group, vote_until_killed, &voters[i]), STATUS_OK);
    }
    int64_t life_ms = LIFE_MS_MIN + (int64_t)random_below(LIFE_MS_MAX - LIFE_MS_MIN);
    assert_int_equal(fiber_sleep(NULL, life_ms * CLOCK_NS_PER_MS), STATUS_OK);
    cluster_kill(&scene->cluster, CLUSTER_RATING, 0);
    scene->killed = true;
    fiber_group_join(&group);
}

/* The stored value, or -1. */
static int stored(struct scene *scene, unsigned user, unsigned record)
{
    struct test_call test;
    char user_id[NAME_BYTES];
    char record_id[NAME_BYTES];
    GetRatingResponse *reply = NULL;
    (void)snprintf(user_id, sizeof(user_id), "user-%u", user);
    (void)snprintf(record_id, sizeof(record_id), "movie-%u", record);
    test_call_init(&test, CALL_TIMEOUT_MS);
    enum status status =
        rpc_client_get_rating(&scene->rating, &test.call, user_id, record_id, &reply);
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    int hundredths = status == STATUS_OK ? reply->rating->exact_value->hundredths : -1;
    test_call_deinit(&test);
    return hundredths;
}

static void expect_aggregate(struct scene *scene, unsigned record, unsigned count, unsigned sum)
{
    struct test_call test;
    char record_id[NAME_BYTES];
    GetRatingSummaryResponse *reply = NULL;
    (void)snprintf(record_id, sizeof(record_id), "movie-%u", record);
    test_call_init(&test, CALL_TIMEOUT_MS);
    enum status status = rpc_client_get_summary(&scene->rating, &test.call, record_id, &reply);
    assert_int_equal(status, count > 0 ? STATUS_OK : STATUS_NOT_FOUND);
    if (count > 0) {
        assert_int_equal(reply->count, count);
        assert_true(reply->mean == (double)sum / count / 100);
    }
    test_call_deinit(&test);
}

/* Every vote is the acknowledged one, or the one that was on its way; and is known from now on. */
static void check_record(struct scene *scene, unsigned record)
{
    unsigned count = 0;
    unsigned sum = 0;
    for (unsigned user = 0; user < VOTERS * USERS_PER_VOTER; user++) {
        struct known_vote *vote = &scene->votes[user][record];
        int value = stored(scene, user, record);
        if (value != vote->acknowledged && (vote->pending < 0 || value != vote->pending)) {
            fail_msg("user-%u on movie-%u: %d was acknowledged, %d is stored", user, record,
                     vote->acknowledged, value);
        }
        *vote = (struct known_vote){.acknowledged = value, .pending = -1};
        count += value >= 0;
        sum += value >= 0 ? (unsigned)value : 0;
    }
    expect_aggregate(scene, record, count, sum);
}

static void run_killed_while_voting(void *argument)
{
    struct scene *scene = argument;
    const struct cluster_options options = {.instances = {0, 1, 0}};
    memset(scene->votes, 0xff, sizeof(scene->votes)); /* -1 everywhere */
    cluster_open(&scene->cluster, &options);
    for (unsigned round = 0; round < ROUNDS; round++) {
        rpc_client_open_one(&scene->rating, scene->cluster.services[CLUSTER_RATING][0].address);
        kill_while_voting(scene);
        rpc_client_close(&scene->rating);
        cluster_start(&scene->cluster, CLUSTER_RATING, 0);
        rpc_client_open_one(&scene->rating, scene->cluster.services[CLUSTER_RATING][0].address);
        for (unsigned record = 0; record < RECORDS; record++) {
            check_record(scene, record);
        }
        rpc_client_close(&scene->rating);
    }
    print_message("%d kills, %u votes acknowledged, none lost\n", ROUNDS,
                  scene->acknowledged_count);
    assert_true(scene->acknowledged_count > ROUNDS);
    cluster_close(&scene->cluster);
}

static void killed_while_voting(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    (void)state;
    assert_non_null(scene);
    in_fiber(run_killed_while_voting, scene);
    free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_while_voting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
