#include "eventlog/eventlog_admin.h"

#include <stdlib.h>

enum status eventlog_check_topic(struct call *call, struct text topic,
                                 const struct eventlog_topic_options *options)
{
    if (!eventlog_name_is_valid(topic)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "a topic is 1 to %d letters, digits, '.', '_' and '-'",
                         EVENTLOG_TOPIC_BYTES_MAX);
    }
    if (options->partitions < 0 || options->partitions > EVENTLOG_PARTITIONS_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "a topic has 1 to %d partitions",
                         EVENTLOG_PARTITIONS_MAX);
    }
    if (options->retention_ms < -1 || options->retention_bytes < -1 || options->tombstone_ms < 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "a retention is not negative");
    }
    bool compacts = options->cleanup == EVENTLOG_CLEANUP_COMPACT;
    if (compacts && (options->retention_ms > 0 || options->retention_bytes > 0)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "a compacted topic keeps the last record of every key: it has no "
                         "retention by age or size");
    }
    return STATUS_OK;
}

int64_t eventlog_group_lag(const struct eventlog_group_state *group)
{
    int64_t from = group->committed < 0 ? group->begin_offset : group->committed;
    return group->end_offset > from ? group->end_offset - from : 0;
}

static int compare_topics(const void *left, const void *right)
{
    const struct eventlog_topic_state *a = left;
    const struct eventlog_topic_state *b = right;
    return text_compare(a->name, b->name);
}

void eventlog_sort_topics(struct eventlog_topic_state *rows, size_t count)
{
    if (count > 0) {
        qsort(rows, count, sizeof(*rows), compare_topics);
    }
}

static int compare_groups(const void *left, const void *right)
{
    const struct eventlog_group_state *a = left;
    const struct eventlog_group_state *b = right;
    int order = text_compare(a->group, b->group);
    if (order == 0) {
        order = text_compare(a->topic, b->topic);
    }
    return order != 0 ? order : (a->partition > b->partition) - (a->partition < b->partition);
}

void eventlog_sort_groups(struct eventlog_group_state *rows, size_t count)
{
    if (count > 0) {
        qsort(rows, count, sizeof(*rows), compare_groups);
    }
}
