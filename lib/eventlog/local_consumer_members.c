#include <unistd.h>

#include "base/clock.h"
#include "eventlog/local_consumer_private.h"
#include "eventlog/local_lease.h"

static void give_up_partition(struct local_consumer *consumer, int32_t index)
{
    struct local_partition *partition = &consumer->partitions[index];
    (void)close(partition->lease_fd);
    partition->lease_fd = -1;
    partition->started = false;
    local_ahead_drop(consumer, index);
}

static void take_partition(struct local_consumer *consumer, int32_t index)
{
    struct local_partition *partition = &consumer->partitions[index];
    partition->lease_fd =
        local_lease_take(consumer->log->lease_folder_fd, consumer->group, consumer->topic, index);
    partition->started = false;
    partition->start_due_ns = 0;
}

void local_consumer_balance(struct local_consumer *consumer)
{
    int64_t now_ns = loop_now_ns(consumer->loop);
    if (!consumer->members_changed && now_ns < consumer->balance_due_ns) {
        return;
    }
    consumer->members_changed = false;
    struct local_wake_rank rank = local_wake_rank(&consumer->wake);
    bool gave_up = false;
    int32_t owned = 0;
    for (int32_t i = 0; i < consumer->found.partitions; i++) {
        bool is_share = i % rank.count == rank.rank;
        bool is_owned = consumer->partitions[i].lease_fd >= 0;
        if (is_share && !is_owned) {
            take_partition(consumer, i);
        } else if (!is_share && is_owned) {
            give_up_partition(consumer, i);
            gave_up = true;
        }
        owned += consumer->partitions[i].lease_fd >= 0 ? 1 : 0;
    }
    if (gave_up) {
        local_wake_send_members(&consumer->wake, consumer->log->sender_fd);
    }
    /* Who owns all is told when somebody joins; who does not looks for members that died. */
    consumer->balance_due_ns = owned == consumer->found.partitions
                                   ? INT64_MAX
                                   : now_ns + LOCAL_EVENTLOG_LEASE_RETRY_MS * CLOCK_NS_PER_MS;
}

void local_consumer_leave(struct local_consumer *consumer)
{
    for (int32_t i = 0; i < consumer->found.partitions; i++) {
        if (consumer->partitions[i].lease_fd >= 0) {
            give_up_partition(consumer, i);
        }
    }
    struct local_wake wake = consumer->wake;
    local_wake_close(&consumer->wake);
    local_wake_send_members(&wake, consumer->log->sender_fd);
}
