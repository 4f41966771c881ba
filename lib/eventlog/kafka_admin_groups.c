#include <stdlib.h>

#include "base/arena.h"
#include "eventlog/kafka_admin_private.h"

/* One group: who its members are, and what it has committed. */
struct group_answers {
    rd_kafka_event_t *described;
    rd_kafka_event_t *committed;
};

static void send_list(rd_kafka_t *handle, const rd_kafka_AdminOptions_t *options,
                      rd_kafka_queue_t *queue, void *argument)
{
    (void)argument;
    rd_kafka_ListConsumerGroups(handle, options, queue);
}

static void send_describe(rd_kafka_t *handle, const rd_kafka_AdminOptions_t *options,
                          rd_kafka_queue_t *queue, void *argument)
{
    const char *group = argument;
    rd_kafka_DescribeConsumerGroups(handle, &group, 1, options, queue);
}

static void send_offsets(rd_kafka_t *handle, const rd_kafka_AdminOptions_t *options,
                         rd_kafka_queue_t *queue, void *argument)
{
    rd_kafka_ListConsumerGroupOffsets_t *question =
        rd_kafka_ListConsumerGroupOffsets_new(argument, NULL);
    rd_kafka_ListConsumerGroupOffsets(handle, &question, 1, options, queue);
    rd_kafka_ListConsumerGroupOffsets_destroy(question);
}

/* Their names, valid in the call's arena. */
static enum status list_names(struct kafka_admin *admin, struct call *call, const char ***ret_names,
                              size_t *ret_count)
{
    rd_kafka_event_t *answer;
    enum status status = kafka_admin_ask(admin, call, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS,
                                         send_list, NULL, &answer);
    if (status != STATUS_OK) {
        return status;
    }
    size_t count;
    const rd_kafka_ConsumerGroupListing_t **listings = rd_kafka_ListConsumerGroups_result_valid(
        rd_kafka_event_ListConsumerGroups_result(answer), &count);
    count = count < KAFKA_ADMIN_GROUPS_MAX ? count : KAFKA_ADMIN_GROUPS_MAX;
    const char **names = arena_calloc(call->arena, count + 1, sizeof(*names));
    for (size_t i = 0; names != NULL && i < count; i++) {
        const char *name = rd_kafka_ConsumerGroupListing_group_id(listings[i]);
        names[i] = arena_copy(call->arena, text_of(name)).data;
        names = names[i] == NULL ? NULL : names;
    }
    rd_kafka_event_destroy(answer);
    *ret_names = names;
    *ret_count = count;
    return names == NULL ? call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for the list")
                         : STATUS_OK;
}

static const rd_kafka_ConsumerGroupDescription_t *description_of(const struct group_answers *group)
{
    size_t count;
    const rd_kafka_ConsumerGroupDescription_t **found =
        rd_kafka_DescribeConsumerGroups_result_groups(
            rd_kafka_event_DescribeConsumerGroups_result(group->described), &count);
    return count == 1 ? found[0] : NULL;
}

static const rd_kafka_topic_partition_list_t *offsets_of(const struct group_answers *group)
{
    size_t count;
    const rd_kafka_group_result_t **found = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(group->committed), &count);
    return count == 1 ? rd_kafka_group_result_partitions(found[0]) : NULL;
}

struct group_rows {
    struct call *call;
    struct text group;
    struct eventlog_group_state *rows;
    size_t count;
    size_t capacity;
};

/* NULL: no room. */
static struct eventlog_group_state *row_of(struct group_rows *found, const char *topic,
                                           int32_t partition)
{
    for (size_t i = 0; i < found->count; i++) {
        struct eventlog_group_state *row = &found->rows[i];
        if (row->partition == partition && text_equal(row->topic, text_of(topic)) &&
            text_equal(row->group, found->group)) {
            return row;
        }
    }
    if (found->count == found->capacity) {
        return NULL;
    }
    struct text name = arena_copy(found->call->arena, text_of(topic));
    struct eventlog_group_state *row = name.data == NULL ? NULL : &found->rows[found->count++];
    if (row != NULL) {
        *row = (struct eventlog_group_state){
            .group = found->group, .topic = name, .partition = partition, .committed = -1};
    }
    return row;
}

static bool take_members(struct group_rows *found,
                         const rd_kafka_ConsumerGroupDescription_t *description)
{
    size_t members =
        description == NULL ? 0 : rd_kafka_ConsumerGroupDescription_member_count(description);
    for (size_t i = 0; i < members; i++) {
        const rd_kafka_MemberDescription_t *member =
            rd_kafka_ConsumerGroupDescription_member(description, i);
        const rd_kafka_topic_partition_list_t *owned =
            rd_kafka_MemberAssignment_partitions(rd_kafka_MemberDescription_assignment(member));
        struct text owner = arena_format(found->call->arena, "%s of %s",
                                         rd_kafka_MemberDescription_consumer_id(member),
                                         rd_kafka_MemberDescription_host(member));
        for (int p = 0; owned != NULL && p < owned->cnt; p++) {
            struct eventlog_group_state *row =
                row_of(found, owned->elems[p].topic, owned->elems[p].partition);
            if (row == NULL || owner.data == NULL) {
                return false;
            }
            row->owner = owner;
        }
    }
    return true;
}

static bool take_offsets(struct group_rows *found, const rd_kafka_topic_partition_list_t *offsets)
{
    for (int i = 0; offsets != NULL && i < offsets->cnt; i++) {
        const rd_kafka_topic_partition_t *element = &offsets->elems[i];
        if (element->offset < 0) {
            continue;
        }
        struct eventlog_group_state *row = row_of(found, element->topic, element->partition);
        if (row == NULL) {
            return false;
        }
        row->committed = element->offset;
    }
    return true;
}

static size_t rows_of(const struct group_answers *group)
{
    size_t count = 0;
    const rd_kafka_topic_partition_list_t *offsets = offsets_of(group);
    count += offsets == NULL ? 0 : (size_t)offsets->cnt;
    const rd_kafka_ConsumerGroupDescription_t *description = description_of(group);
    size_t members =
        description == NULL ? 0 : rd_kafka_ConsumerGroupDescription_member_count(description);
    for (size_t i = 0; i < members; i++) {
        const rd_kafka_topic_partition_list_t *owned =
            rd_kafka_MemberAssignment_partitions(rd_kafka_MemberDescription_assignment(
                rd_kafka_ConsumerGroupDescription_member(description, i)));
        count += owned == NULL ? 0 : (size_t)owned->cnt;
    }
    return count;
}

static enum status ask_group(struct kafka_admin *admin, struct call *call, const char *name,
                             struct group_answers *group)
{
    enum status status = kafka_admin_ask(admin, call, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS,
                                         send_describe, (void *)(uintptr_t)name, &group->described);
    return status == STATUS_OK
               ? kafka_admin_ask(admin, call, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS,
                                 send_offsets, (void *)(uintptr_t)name, &group->committed)
               : status;
}

static void release_answers(struct group_answers *groups, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (groups[i].described != NULL) {
            rd_kafka_event_destroy(groups[i].described);
        }
        if (groups[i].committed != NULL) {
            rd_kafka_event_destroy(groups[i].committed);
        }
    }
}

/* Where the partitions of the rows begin and end. Of a topic that is gone nothing is told. */
static enum status add_bounds(struct kafka_admin *admin, struct call *call,
                              struct group_rows *found)
{
    struct kafka_admin_bounds *bounds =
        arena_calloc(call->arena, found->count + 1, sizeof(*bounds));
    if (bounds == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for the list");
    }
    for (size_t i = 0; i < found->count; i++) {
        bounds[i] = (struct kafka_admin_bounds){.topic = found->rows[i].topic.data,
                                                .partition = found->rows[i].partition};
    }
    enum status status = kafka_admin_find_bounds(admin, call, bounds, found->count);
    if (status != STATUS_OK) {
        return status;
    }
    size_t kept = 0;
    for (size_t i = 0; i < found->count; i++) {
        if (bounds[i].begin >= 0) {
            found->rows[kept] = found->rows[i];
            found->rows[kept].begin_offset = bounds[i].begin;
            found->rows[kept++].end_offset = bounds[i].end;
        }
    }
    found->count = kept;
    return STATUS_OK;
}

static enum status collect(struct call *call, const struct group_answers *groups,
                           const char *const *names, size_t count, struct group_rows *found)
{
    for (size_t i = 0; i < count; i++) {
        found->capacity += rows_of(&groups[i]);
    }
    found->rows = arena_calloc(call->arena, found->capacity + 1, sizeof(*found->rows));
    bool fits = found->rows != NULL;
    for (size_t i = 0; fits && i < count; i++) {
        found->group = text_of(names[i]);
        fits = take_members(found, description_of(&groups[i])) &&
               take_offsets(found, offsets_of(&groups[i]));
    }
    return fits ? STATUS_OK : call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for the list");
}

enum status kafka_admin_list_groups(void *state, struct call *call,
                                    struct eventlog_groups *ret_groups)
{
    struct kafka_admin *admin = state;
    const char **names;
    size_t count;
    enum status status = list_names(admin, call, &names, &count);
    if (status != STATUS_OK) {
        return status;
    }
    struct group_rows found = {.call = call};
    struct group_answers *groups = arena_calloc(call->arena, count + 1, sizeof(*groups));
    if (groups == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for the list");
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = ask_group(admin, call, names[i], &groups[i]);
    }
    if (status == STATUS_OK) {
        status = collect(call, groups, names, count, &found);
    }
    release_answers(groups, count);
    if (status == STATUS_OK) {
        status = add_bounds(admin, call, &found);
    }
    if (status == STATUS_OK) {
        eventlog_sort_groups(found.rows, found.count);
        *ret_groups = (struct eventlog_groups){.rows = found.rows, .count = found.count};
    }
    return status;
}
