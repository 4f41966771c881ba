#include "base/arena.h"
#include "eventlog/memory_eventlog_private.h"

static enum status admin_create_topic(void *state, struct call *call, struct text topic,
                                      const struct eventlog_topic_options *options)
{
    struct memory_eventlog *log = state;
    enum status status = eventlog_check_topic(call, topic, options);
    if (status != STATUS_OK) {
        return status;
    }
    if (memory_eventlog_find(log, topic) != NULL) {
        return call_fail(call, STATUS_ALREADY_EXISTS, "there is a topic of that name");
    }
    if (memory_eventlog_add(log, topic, options) == NULL) {
        return call_fail(call, STATUS_UNAVAILABLE, "no memory for a topic");
    }
    memory_eventlog_wake(log);
    return STATUS_OK;
}

static enum status admin_delete_topic(void *state, struct call *call, struct text topic)
{
    struct memory_eventlog *log = state;
    struct memory_topic *found = memory_eventlog_find(log, topic);
    if (found == NULL) {
        return call_fail(call, STATUS_NOT_FOUND, "there is no topic of that name");
    }
    for (struct list *link = log->groups.next; link != &log->groups; link = link->next) {
        struct memory_group *group = CONTAINER_OF(link, struct memory_group, link);
        for (size_t i = 0; text_equal(group->topic, topic) && i < EVENTLOG_PARTITIONS_MAX; i++) {
            group->committed[i] = -1;
        }
    }
    memory_topic_free(found);
    memory_eventlog_wake(log);
    return STATUS_OK;
}

static enum status fail_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for the list");
}

static bool describe_topic(struct call *call, const struct memory_topic *topic,
                           struct eventlog_topic_state *row)
{
    size_t count = (size_t)topic->options.partitions;
    struct eventlog_partition_state *partitions =
        arena_calloc(call->arena, count, sizeof(*partitions));
    if (partitions == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct memory_partition *partition = &topic->partitions[i];
        partitions[i] = (struct eventlog_partition_state){
            .begin_offset = partition->begin_offset,
            .end_offset = (int64_t)partition->count,
        };
        for (size_t at = 0; at < partition->count; at++) {
            const struct eventlog_record *record = &partition->records[at].record;
            partitions[i].bytes += (int64_t)(record->key.length + record->value.length);
        }
    }
    *row = (struct eventlog_topic_state){
        .name = arena_copy(call->arena, text_of_bytes(topic->name, topic->name_length)),
        .options = topic->options,
        .partitions = partitions,
    };
    return row->name.data != NULL;
}

static enum status admin_list_topics(void *state, struct call *call,
                                     struct eventlog_topics *ret_topics)
{
    struct memory_eventlog *log = state;
    size_t count = 0;
    for (struct list *link = log->topics.next; link != &log->topics; link = link->next) {
        count++;
    }
    struct eventlog_topic_state *rows = arena_calloc(call->arena, count + 1, sizeof(*rows));
    if (rows == NULL) {
        return fail_room(call);
    }
    count = 0;
    for (struct list *link = log->topics.next; link != &log->topics; link = link->next) {
        if (!describe_topic(call, CONTAINER_OF(link, struct memory_topic, link), &rows[count++])) {
            return fail_room(call);
        }
    }
    eventlog_sort_topics(rows, count);
    *ret_topics = (struct eventlog_topics){.rows = rows, .count = count};
    return STATUS_OK;
}

static bool describe_group(struct memory_eventlog *log, struct call *call,
                           const struct memory_group *group, int32_t partition,
                           const struct memory_partition *state, struct eventlog_group_state *row)
{
    unsigned owner = memory_group_owner(log, group, partition);
    *row = (struct eventlog_group_state){
        .group = arena_copy(call->arena, group->group),
        .topic = arena_copy(call->arena, group->topic),
        .partition = partition,
        .committed = group->committed[partition],
        .begin_offset = state->begin_offset,
        .end_offset = (int64_t)state->count,
    };
    if (owner > 0) {
        row->owner = arena_format(call->arena, "member %u", owner);
    }
    return row->group.data != NULL && row->topic.data != NULL &&
           (owner == 0 || row->owner.data != NULL);
}

static enum status admin_list_groups(void *state, struct call *call,
                                     struct eventlog_groups *ret_groups)
{
    struct memory_eventlog *log = state;
    size_t count = 0;
    for (struct list *link = log->groups.next; link != &log->groups; link = link->next) {
        count += EVENTLOG_PARTITIONS_MAX;
    }
    struct eventlog_group_state *rows = arena_calloc(call->arena, count + 1, sizeof(*rows));
    if (rows == NULL) {
        return fail_room(call);
    }
    count = 0;
    for (struct list *link = log->groups.next; link != &log->groups; link = link->next) {
        const struct memory_group *group = CONTAINER_OF(link, struct memory_group, link);
        const struct memory_topic *topic = memory_eventlog_find(log, group->topic);
        for (int32_t i = 0; topic != NULL && i < topic->options.partitions; i++) {
            if (!describe_group(log, call, group, i, &topic->partitions[i], &rows[count++])) {
                return fail_room(call);
            }
        }
    }
    eventlog_sort_groups(rows, count);
    *ret_groups = (struct eventlog_groups){.rows = rows, .count = count};
    return STATUS_OK;
}

static void admin_close(void *state)
{
    (void)state; /* the log is its caller's */
}

enum status memory_eventlog_admin_open(struct memory_eventlog *log, struct call *call,
                                       struct eventlog_admin *ret_admin)
{
    static const struct eventlog_admin_ops ops = {
        .create_topic = admin_create_topic,
        .delete_topic = admin_delete_topic,
        .list_topics = admin_list_topics,
        .list_groups = admin_list_groups,
        .close = admin_close,
    };
    (void)call;
    *ret_admin = (struct eventlog_admin){.ops = &ops, .state = log};
    return STATUS_OK;
}
