#include "base/clock.h"
#include "eventlog/local_consumer_private.h"

enum { BEATS_A_SESSION = 3 };

static void tell_members(struct local_consumer *consumer)
{
    local_wake_send_members(&consumer->wake, consumer->log->sender_fd);
}

/* While the loop runs, the member lives. */
static void handle_beat(struct loop_timer *timer)
{
    struct local_consumer *consumer = CONTAINER_OF(timer, struct local_consumer, beat);
    if (local_group_renew(consumer->group)) {
        consumer->members_changed = true;
        tell_members(consumer);
        fiber_wait_signal(&consumer->news);
    }
    local_consumer_commit(consumer); /* what could not be stored before */
    /* It ran until now, so there is room for it. */
    CHECK(local_consumer_join(consumer) == STATUS_OK);
}

enum status local_consumer_join(struct local_consumer *consumer)
{
    consumer->beat.expire = handle_beat;
    return loop_timer_start(consumer->loop, &consumer->beat,
                            clock_monotonic_ns() +
                                consumer->session_ms * CLOCK_NS_PER_MS / BEATS_A_SESSION);
}

bool local_consumer_owns(const struct local_consumer *consumer, int32_t partition)
{
    const struct local_partition *own = &consumer->partitions[partition];
    return own->owned && (consumer->group == NULL ||
                          local_group_owns(consumer->group, partition, own->generation));
}

void local_consumer_drop(struct local_consumer *consumer, int32_t index)
{
    struct local_partition *partition = &consumer->partitions[index];
    partition->owned = false;
    partition->leaving = false;
    partition->started = false;
    partition->to_commit = -1;
    local_ahead_drop(consumer, index);
}

/* What it committed is stored first, so that who has it next does not read that again. false: not
 * yet. */
static bool give_up_partition(struct local_consumer *consumer, int32_t index)
{
    struct local_partition *partition = &consumer->partitions[index];
    if (local_consumer_is_committing(consumer, index)) {
        partition->leaving = true;
        partition->started = false;
        local_ahead_drop(consumer, index);
        return false;
    }
    local_group_give(consumer->group, index, partition->generation);
    local_consumer_drop(consumer, index);
    return true;
}

static void take_partition(struct local_consumer *consumer, int32_t index)
{
    struct local_partition *partition = &consumer->partitions[index];
    uint32_t generation = consumer->group == NULL ? 1 : local_group_take(consumer->group, index);
    *partition = (struct local_partition){
        .owned = generation != 0, .generation = generation, .to_commit = -1};
}

/* Gives and takes by this member's rank. Returns how many partitions it has then. */
static int32_t share(struct local_consumer *consumer, struct local_rank rank)
{
    bool gave_up = false;
    int32_t owned = 0;
    for (int32_t i = 0; i < consumer->found.options.partitions; i++) {
        struct local_partition *partition = &consumer->partitions[i];
        bool is_share = rank.count > 0 && i % rank.count == rank.rank;
        if (is_share && !partition->owned) {
            take_partition(consumer, i);
        } else if (is_share && partition->leaving) {
            partition->leaving = false; /* ours again, from what is stored */
        } else if (!is_share && partition->owned) {
            gave_up = give_up_partition(consumer, i) || gave_up;
        }
        owned += partition->owned ? 1 : 0;
    }
    if (gave_up) {
        tell_members(consumer);
    }
    return owned;
}

/* What another member has taken while this one was stopped. */
static void drop_lost(struct local_consumer *consumer)
{
    for (int32_t i = 0; i < consumer->found.options.partitions; i++) {
        if (consumer->partitions[i].owned && !local_consumer_owns(consumer, i)) {
            local_consumer_drop(consumer, i);
            consumer->members_changed = true;
        }
    }
}

void local_consumer_balance(struct local_consumer *consumer)
{
    int64_t now_ns = loop_now_ns(consumer->loop);
    drop_lost(consumer);
    if (!consumer->members_changed && now_ns < consumer->balance_due_ns) {
        return;
    }
    consumer->members_changed = false;
    struct local_rank rank = {.rank = 0, .count = 1};
    if (consumer->group != NULL) {
        rank = local_group_rank(consumer->group);
    }
    int32_t owned = share(consumer, rank);
    /* Who owns all is told when somebody joins; who does not looks for members that died. */
    consumer->balance_due_ns = owned == consumer->found.options.partitions
                                   ? INT64_MAX
                                   : now_ns + LOCAL_EVENTLOG_BALANCE_MS * CLOCK_NS_PER_MS;
}

void local_consumer_leave(struct local_consumer *consumer)
{
    loop_timer_stop(consumer->loop, &consumer->beat);
    if (local_consumer_commits(consumer)) {
        local_consumer_flush(consumer);
    }
    for (int32_t i = 0; consumer->group != NULL && i < consumer->found.options.partitions; i++) {
        if (consumer->partitions[i].owned) {
            local_group_give(consumer->group, i, consumer->partitions[i].generation);
        }
    }
    local_group_close(consumer->group);
    struct local_wake wake = consumer->wake;
    local_wake_close(&consumer->wake);
    local_wake_send_members(&wake, consumer->log->sender_fd);
}
