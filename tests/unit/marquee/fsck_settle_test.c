/* Looking again while others write: the store here is written between any two of its reads. */
#include "marquee/fsck_settle.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "marquee/rebuild_settle.h"
#include "rating/repository/memory_rating_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024, VOTES = 2500, ALWAYS = 1 << 30 };

/* A store over which others write, and which may lie. */
struct racing {
    struct rating_repository inner;
    struct rating_repository_ops ops;
    int writes_left; /* one for each read that follows */
    int written;
    bool lies; /* of its aggregates and votes */
};

static const struct record_key record = {RECORD_TYPE_MOVIE, TEXT_INIT("m1")};

static void put(const struct rating_repository *repository, struct call *call, const char *user,
                int32_t hundredths)
{
    const struct rating_change change = {.key = {.record = record, .user = text_of(user)},
                                         .hundredths = hundredths};
    const struct rating_batch batch = {.changes = &change, .change_count = 1};
    CHECK(repository->ops->apply(repository->state, call, &batch) == STATUS_OK);
}

/* Somebody votes, sometimes for the first time, sometimes anew. */
static void race(struct racing *racing, struct call *call)
{
    char user[32];
    if (racing->writes_left > 0) {
        racing->writes_left--;
        racing->written++;
        (void)snprintf(user, sizeof(user), "u%d", racing->written % 3 * 1000000 + racing->written);
        put(&racing->inner, call, racing->written % 2 == 0 ? user : "u7", racing->written % 1001);
    }
}

static enum status list_votes(void *state, struct call *call, const struct vote_key *after,
                              size_t limit, struct rating_stored_vote **ret_votes,
                              size_t *ret_count)
{
    struct racing *racing = state;
    enum status status = racing->inner.ops->list_votes(racing->inner.state, call, after, limit,
                                                       ret_votes, ret_count);
    race(racing, call);
    return status;
}

static enum status get_aggregate(void *state, struct call *call, struct record_key of,
                                 struct rating_aggregate *ret_aggregate)
{
    struct racing *racing = state;
    race(racing, call);
    enum status status =
        racing->inner.ops->get_aggregate(racing->inner.state, call, of, ret_aggregate);
    if (status == STATUS_OK && racing->lies) {
        rating_aggregate_add(ret_aggregate, 500);
    }
    return status;
}

static enum status get_vote(void *state, struct call *call, const struct vote_key *key,
                            struct vote *ret_vote)
{
    struct racing *racing = state;
    enum status status = racing->inner.ops->get_vote(racing->inner.state, call, key, ret_vote);
    race(racing, call);
    if (status == STATUS_OK && racing->lies) {
        ret_vote->hundredths = 1000 - ret_vote->hundredths;
    }
    return status;
}

static enum status get_change_range(void *state, struct call *call,
                                    struct rating_change_range *ret_range)
{
    const struct racing *racing = state;
    return racing->inner.ops->get_change_range(racing->inner.state, call, ret_range);
}

static enum status list_changes(void *state, struct call *call, int64_t after, size_t limit,
                                struct rating_change_record **ret_records, size_t *ret_count)
{
    const struct racing *racing = state;
    return racing->inner.ops->list_changes(racing->inner.state, call, after, limit, ret_records,
                                           ret_count);
}

struct scene {
    struct arena arena;
    struct call call;
    struct racing racing;
    struct rating_repository repository;
    void (*body)(struct scene *scene);
};

static void run_body(void *argument)
{
    struct scene *scene = argument;
    char user[32];
    arena_init(&scene->arena, ARENA_BYTES_MAX);
    call_init(&scene->call, &scene->arena, 0);
    CHECK(memory_rating_repository_open(&scene->call, &scene->racing.inner) == STATUS_OK);
    scene->racing.ops = (struct rating_repository_ops){
        .list_votes = list_votes,
        .get_aggregate = get_aggregate,
        .get_vote = get_vote,
        .get_change_range = get_change_range,
        .list_changes = list_changes,
    };
    scene->repository =
        (struct rating_repository){.ops = &scene->racing.ops, .state = &scene->racing};
    for (int32_t i = 0; i < VOTES; i++) {
        (void)snprintf(user, sizeof(user), "u%d", i);
        put(&scene->racing.inner, &scene->call, user, i % 1001);
    }
    scene->body(scene);
    scene->racing.inner.ops->close(scene->racing.inner.state);
    arena_deinit(&scene->arena);
}

#define SETTLE_TEST(name)                                                                          \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct scene scene = {.body = name};                                                       \
        (void)state;                                                                               \
        in_fiber(run_body, &scene);                                                                \
    }

static struct fsck_aggregate settle(struct scene *scene, int writes)
{
    struct fsck_aggregate found;
    scene->racing.writes_left = writes;
    assert_int_equal(fsck_settle_aggregate(&scene->repository, &scene->call, record, &found),
                     STATUS_OK);
    return found;
}

static void right_aggregate_stays_right(struct scene *scene)
{
    for (int writes = 0; writes < 20; writes++) {
        struct fsck_aggregate found = settle(scene, writes);
        assert_int_equal(found.verdict, FSCK_SAME);
        assert_int_equal(scene->racing.writes_left, 0); /* they did come in between */
        assert_int_equal(found.counted.count, found.stored.count);
    }
}

static void wrong_aggregate_is_found(struct scene *scene)
{
    scene->racing.lies = true;
    for (int writes = 0; writes < 20; writes++) {
        struct fsck_aggregate found = settle(scene, writes);
        assert_int_equal(found.verdict, FSCK_DIFFERENT);
        assert_int_equal(found.counted.count + 1, found.stored.count);
        assert_int_equal(found.counted.sum_hundredths + 500, found.stored.sum_hundredths);
    }
}

static void what_never_rests_is_not_settled(struct scene *scene)
{
    assert_int_equal(settle(scene, ALWAYS).verdict, FSCK_UNSETTLED);
}

/* What the first records say of "u7", compared with what stands. */
static void settle_vote(struct scene *scene, int writes, struct fsck_report *report)
{
    const struct vote_key key = {.record = record, .user = TEXT("u7")};
    struct rebuild_follower follower = {.repository = &scene->repository};
    struct rebuild_state expected;
    *report = (struct fsck_report){.output = tmpfile()};
    assert_non_null(report->output);
    assert_int_equal(rebuild_states_open(&scene->call, TEXT("/tmp"), &follower.states), STATUS_OK);
    assert_int_equal(rebuild_follow(&follower, &scene->call), STATUS_OK);
    assert_int_equal(rebuild_states_get(follower.states, &scene->call, &key, &expected), STATUS_OK);
    put(&scene->racing.inner, &scene->call, "u7", 333); /* since the log was read */
    scene->racing.writes_left = writes;
    assert_int_equal(rebuild_settle_vote(&follower, &scene->call, &key, &expected, report),
                     STATUS_OK);
    rebuild_states_close(follower.states);
    assert_int_equal(fclose(report->output), 0);
}

static void right_vote_stays_right(struct scene *scene)
{
    struct fsck_report report;
    for (int writes = 0; writes < 20; writes++) {
        settle_vote(scene, writes, &report);
        assert_int_equal(report.differences, 0);
        assert_int_equal(report.unsettled, 0);
    }
}

static void wrong_vote_is_found(struct scene *scene)
{
    struct fsck_report report;
    scene->racing.lies = true;
    for (int writes = 0; writes < 20; writes++) {
        settle_vote(scene, writes, &report);
        assert_int_equal(report.differences, 1);
    }
}

SETTLE_TEST(right_aggregate_stays_right)
SETTLE_TEST(wrong_aggregate_is_found)
SETTLE_TEST(what_never_rests_is_not_settled)
SETTLE_TEST(right_vote_stays_right)
SETTLE_TEST(wrong_vote_is_found)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_aggregate_stays_right_test),
        cmocka_unit_test(wrong_aggregate_is_found_test),
        cmocka_unit_test(what_never_rests_is_not_settled_test),
        cmocka_unit_test(right_vote_stays_right_test),
        cmocka_unit_test(wrong_vote_is_found_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
