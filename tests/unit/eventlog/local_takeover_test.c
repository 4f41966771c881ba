/* Members of a group in several processes: who reads what, when one is stopped, and when it goes
 * on.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "eventlog/local_eventlog_private.h"
#include "local_trial.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"

enum {
    POLL_MS = 20,
    TAKEOVER_MS_MAX = 10000,
    OWNERS_MAX = 8,
    OWNER_BYTES = 32,
    LIST_BYTES = 65536
};

/* The group "g" of topic "t", by what it lists. */
struct group {
    int64_t lag;
    int64_t committed[READER_PARTITIONS_MAX];
    char owners[OWNERS_MAX][OWNER_BYTES]; /* each once */
    unsigned owned[OWNERS_MAX];
    unsigned owner_count;
    unsigned free;
};

static void count_row(struct group *group, const struct eventlog_group_state *row)
{
    group->lag += eventlog_group_lag(row);
    group->committed[row->partition] = row->committed;
    if (row->owner.length == 0) {
        group->free++;
        return;
    }
    unsigned owner = 0;
    while (owner < group->owner_count && !text_equal(text_of(group->owners[owner]), row->owner)) {
        owner++;
    }
    assert_true(owner < OWNERS_MAX);
    assert_true(text_to_c_string(row->owner, group->owners[owner], OWNER_BYTES));
    group->owner_count = owner == group->owner_count ? owner + 1 : group->owner_count;
    group->owned[owner]++;
}

static struct group list_group(struct local_trial *trial)
{
    struct eventlog_admin admin;
    struct eventlog_groups groups;
    struct group group = {0};
    struct arena arena;
    struct call call;
    arena_init(&arena, LIST_BYTES);
    call_init(&call, &arena, LOCAL_TRIAL_WAIT_MS);
    assert_int_equal(local_eventlog_admin_open(trial->log, loop_current(), &call, &admin),
                     STATUS_OK);
    assert_int_equal(admin.ops->list_groups(admin.state, &call, &groups), STATUS_OK);
    for (size_t i = 0; i < groups.count; i++) {
        count_row(&group, &groups.rows[i]);
    }
    admin.ops->close(admin.state);
    arena_deinit(&arena);
    return group;
}

/* Polls for a moment, and applies what comes. */
static void poll_a_moment(struct local_trial *trial, struct eventlog_consumer consumer)
{
    struct call call = call_within(&trial->call, POLL_MS);
    struct eventlog_batch batch;
    enum status status = consumer.ops->poll(consumer.state, &call, 1000, &batch);
    if (status == STATUS_OK) {
        trial->store.total += batch.count;
        consumer.ops->committed(consumer.state, &batch);
    } else {
        assert_int_equal(status, STATUS_DEADLINE_EXCEEDED);
    }
}

static bool is_even(const struct group *group, unsigned count)
{
    bool even = group->owner_count == count && group->free == 0;
    for (unsigned i = 0; even && i < count; i++) { /* of four partitions */
        even = group->owned[i] >= 4 / count && group->owned[i] <= (4 + count - 1) / count;
    }
    return even;
}

/* Until so many members share the partitions evenly. */
static void await_owners(struct local_trial *trial, struct eventlog_consumer consumer,
                         unsigned count)
{
    struct group group;
    do {
        poll_a_moment(trial, consumer);
        group = list_group(trial);
    } while (!is_even(&group, count));
}

static void await_lag(struct local_trial *trial, struct eventlog_consumer consumer)
{
    do {
        poll_a_moment(trial, consumer);
    } while (list_group(trial).lag > 0);
}

static void stop(const struct child *child)
{
    int result;
    assert_int_equal(kill(child->pid, SIGSTOP), 0);
    assert_int_equal(waitpid(child->pid, &result, WUNTRACED), child->pid);
    assert_true(WIFSTOPPED(result));
}

/* A member that was idle when it was stopped: nothing is handled twice. */
static void takes_over_from_a_stopped_member(struct local_trial *trial)
{
    local_trial_produce(trial, 0, 1);
    struct child child = child_start("queue", trial->directory, LOCAL_TRIAL_SESSION_MS);
    for (unsigned i = 0; i < LOCAL_TRIAL_KEYS; i++) {
        child_await_byte(&child);
    }
    struct eventlog_consumer consumer = local_trial_member(trial, LOCAL_TRIAL_SESSION_MS);
    await_owners(trial, consumer, 2);
    await_lag(trial, consumer);
    assert_int_equal(trial->store.total, 0);

    stop(&child);
    local_trial_produce(trial, 1, 1);
    int64_t since_ns = clock_monotonic_ns();
    while (trial->store.total < LOCAL_TRIAL_KEYS) {
        poll_a_moment(trial, consumer);
    }
    assert_in_range((clock_monotonic_ns() - since_ns) / CLOCK_NS_PER_MS, 0, TAKEOVER_MS_MAX);
    await_owners(trial, consumer, 1);
    await_lag(trial, consumer);

    assert_int_equal(kill(child.pid, SIGCONT), 0);
    await_owners(trial, consumer, 2);
    local_trial_produce(trial, 2, 1);
    await_lag(trial, consumer);
    consumer.ops->close(consumer.state);
    size_t handled = trial->store.total + LOCAL_TRIAL_KEYS + child_kill(&child);
    assert_int_equal(handled, LOCAL_TRIAL_KEYS * 3);
}

/* It had a batch when it was stopped. What it then tells is not stored. */
static void ignores_what_a_zombie_commits(struct local_trial *trial)
{
    local_trial_produce(trial, 0, 1);
    struct child child = child_start("zombie", trial->directory, LOCAL_TRIAL_SESSION_MS);
    child_await_byte(&child);
    int result;
    assert_int_equal(waitpid(child.pid, &result, WUNTRACED), child.pid);
    assert_true(WIFSTOPPED(result));
    struct eventlog_consumer consumer = local_trial_member(trial, LOCAL_TRIAL_SESSION_MS);
    await_owners(trial, consumer, 1);
    local_trial_produce(trial, 1, 2);
    await_lag(trial, consumer);
    assert_int_equal(trial->store.total, LOCAL_TRIAL_KEYS * 3);
    struct group before = list_group(trial);
    assert_int_equal(kill(child.pid, SIGCONT), 0);
    assert_int_equal(child_finish(&child), 0);
    struct group after = list_group(trial);
    assert_memory_equal(before.committed, after.committed, sizeof(before.committed));
    consumer.ops->close(consumer.state);
}

/* In the store, where it counts however late it comes. */
static void refuses_older_epochs(struct local_trial *trial)
{
    const struct {
        struct local_committed commit;
        int64_t want;
    } cases[] = {{{10, 2}, 10}, {{20, 2}, 20}, {{30, 1}, 20}, {{15, 3}, 15}, {{40, 2}, 15}};
    local_trial_produce(trial, 0, 1);
    const struct local_place place = {.topic_id = 0, .partition = 1};
    struct local_failure failure;
    struct local_committed committed;
    assert_int_equal(
        local_store_get_committed(trial->log->store, place, TEXT("g"), &committed, &failure),
        STATUS_NOT_FOUND);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct local_commit commit = {.partition = 1, .committed = cases[i].commit};
        assert_int_equal(local_store_commit(trial->log->store, 0, TEXT("g"), &commit, 1, &failure),
                         STATUS_OK);
        assert_int_equal(
            local_store_get_committed(trial->log->store, place, TEXT("g"), &committed, &failure),
            STATUS_OK);
        assert_int_equal(committed.next_offset, cases[i].want);
    }
}

/* Each once, as sessions are long: a member that had no processor for a whole session would lose
 * its partitions, and with them what it had handled and was about to commit, which is then handled
 * again (at least once). Short ones make that happen on a busy machine. */
static void shares_among_processes(struct local_trial *trial)
{
    struct child children[2];
    local_trial_produce(trial, 0, 1);
    struct eventlog_consumer consumer = local_trial_member(trial, 0);
    for (unsigned i = 0; i < ARRAY_LENGTH(children); i++) {
        children[i] = child_start("queue", trial->directory, 0);
        await_owners(trial, consumer, i + 2);
    }
    for (unsigned i = 1; i <= 5; i++) {
        local_trial_produce(trial, i, 1);
    }
    await_lag(trial, consumer);
    size_t handled = child_kill(&children[0]);
    await_owners(trial, consumer, 2);
    handled += child_kill(&children[1]);
    await_owners(trial, consumer, 1);
    assert_int_equal(trial->store.total + handled, LOCAL_TRIAL_KEYS * 6);
    assert_true(handled > 0 && trial->store.total > 0);
    consumer.ops->close(consumer.state);
}

static void refuses_bad_sessions(struct local_trial *trial)
{
    static const int64_t sessions[] = {-1, 1, LOCAL_EVENTLOG_SESSION_MS_MIN - 1,
                                       (int64_t)LOCAL_EVENTLOG_SESSION_MS_MAX + 1};
    for (size_t i = 0; i < ARRAY_LENGTH(sessions); i++) {
        const struct local_eventlog_consumer_options options = {
            .group = TEXT("g"), .topic = TEXT("t"), .session_ms = sessions[i]};
        struct eventlog_consumer consumer;
        struct call call = call_within(&trial->call, 0);
        assert_int_equal(
            local_eventlog_consumer_open(trial->log, loop_current(), &call, &options, &consumer),
            STATUS_INVALID_ARGUMENT);
    }
}

int main(int count, char **arguments)
{
    if (count == 4) {
        return child_main(arguments + 1);
    }
    const struct CMUnitTest tests[] = {
        LOCAL_TRIAL(takes_over_from_a_stopped_member),
        LOCAL_TRIAL(ignores_what_a_zombie_commits),
        LOCAL_TRIAL(refuses_older_epochs),
        LOCAL_TRIAL(shares_among_processes),
        LOCAL_TRIAL(refuses_bad_sessions),
    };
    return cmocka_run_group_tests_name("takeover in the embedded log", tests, NULL, NULL);
}
