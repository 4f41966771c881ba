/* A state read back from the records that were kept of it, by the same functions that made it, so
 * that every limit holds for what is read too. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "registry/repository/registry_state_private.h"
#include "registry/repository/registry_unsaved.h"

enum { RECORD_ARENA_BYTES_MAX = 16 * 1024 * 1024 };

/* So long, at least, has an instance that was critical to say that it is well again. */
static int64_t grace_ns(const struct registry_check_definition *check)
{
    int64_t timeout_ns = check->timeout_ns > 0
                             ? check->timeout_ns
                             : REGISTRY_CHECK_TIMEOUT_DEFAULT_MS * CLOCK_NS_PER_MS;
    return check->kind == REGISTRY_CHECK_TTL ? check->ttl_ns : check->interval_ns + timeout_ns;
}

/* The time during which the registry was away counts; a wall clock that was set, at most as much as
 * the check says. */
static int64_t reap_due_ns(const struct registry_restoring *restoring,
                           const struct registry_kept_check *kept)
{
    int64_t after_ns = kept->definition.deregister_after_ns;
    int64_t since_ms = restoring->wall_ms - kept->critical_since_ms;
    int64_t left_ns = after_ns;
    if (since_ms >= after_ns / CLOCK_NS_PER_MS) {
        left_ns = 0;
    } else if (since_ms > 0) {
        left_ns -= since_ms * CLOCK_NS_PER_MS;
    }
    int64_t least_ns = grace_ns(&kept->definition);
    return restoring->now_ns + (left_ns > least_ns ? left_ns : least_ns);
}

static void restore_check(struct registry_restoring *restoring, struct text node,
                          const struct registry_kept_check *kept)
{
    char key[REGISTRY_KEY_BYTES_MAX];
    struct registry_state *state = restoring->state;
    struct registry_change change = {.state = state};
    struct stored_check *check =
        registry_table_find(&state->checks, registry_key(node, kept->definition.id, key));
    CHECK(check != NULL); /* it was put a moment ago */
    stored_check_set(&change, check, kept->status, kept->output, restoring->now_ns);
    check->view.create_index = kept->create_index;
    check->view.modify_index = kept->modify_index;
    if (kept->critical_since_ms != 0 && registry_deadline_is_running(&check->reap)) {
        stored_check_start_reaping(state, check, reap_due_ns(restoring, kept), restoring->now_ns);
    }
    stored_check_set_unconfirmed(state, check,
                                 kept->definition.kind == REGISTRY_CHECK_TTL ||
                                     registry_check_kind_is_active(kept->definition.kind));
}

static void restore_checks(struct registry_restoring *restoring, struct text node,
                           const struct registry_kept_check *kept, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        restore_check(restoring, node, &kept[i]);
    }
}

static enum status restore_instance(struct registry_restoring *restoring, struct call *call,
                                    const struct registry_record *record)
{
    struct registry_check_definition checks[REGISTRY_CHECKS_PER_INSTANCE_MAX];
    struct registry_kept_instance kept;
    enum status status = registry_record_read_instance(record, call->arena, &kept);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < kept.check_count; i++) {
        checks[i] = kept.checks[i].definition;
        checks[i].node = kept.definition.node;
    }
    const struct registry_registration registration = {
        .service = kept.definition, .checks = checks, .check_count = kept.check_count};
    status = registry_state_put_instance(restoring->state, call, &registration, restoring->now_ns);
    if (status == STATUS_OK) {
        struct stored_instance *instance =
            registry_table_find(&restoring->state->instances, record->key);
        if (instance == NULL) {
            return STATUS_DATA_LOSS; /* the key is another's */
        }
        restore_checks(restoring, kept.definition.node, kept.checks, kept.check_count);
        instance->view.create_index = kept.create_index;
        instance->view.modify_index = kept.modify_index;
    }
    return status;
}

static enum status restore_node(struct registry_restoring *restoring, struct call *call,
                                const struct registry_record *record)
{
    struct registry_kept_node kept;
    struct text name;
    enum status status = registry_record_read_node(record, call->arena, &kept);
    name = kept.definition.name;
    if (status == STATUS_OK && name.length > 0) {
        status = registry_state_put_node(restoring->state, call, &kept.definition);
    }
    for (size_t i = 0; i < kept.check_count && status == STATUS_OK; i++) {
        struct registry_check_definition check = kept.checks[i].definition;
        check.node = name;
        status = registry_state_put_check(restoring->state, call, &check, restoring->now_ns);
    }
    if (status == STATUS_OK) {
        struct stored_node *node = stored_node_find(restoring->state, name);
        restore_checks(restoring, name, kept.checks, kept.check_count);
        node->view.create_index = kept.create_index;
        node->view.modify_index = kept.modify_index;
    }
    return status;
}

static enum status restore_head(struct registry_restoring *restoring, struct call *call,
                                const struct registry_record *record)
{
    struct registry_kept_head head;
    enum status status = registry_record_read_head(record, call->arena, &head);
    if (status != STATUS_OK || head.node_id.length != REGISTRY_NODE_ID_BYTES - 1) {
        return status != STATUS_OK ? status : STATUS_DATA_LOSS;
    }
    memcpy(restoring->state->node_id, head.node_id.data, head.node_id.length);
    restoring->state->own_index = head.node_index;
    restoring->has_head = true;
    restoring->index = head.index;
    restoring->saved_ms = head.saved_ms;
    restoring->expected_nodes = head.node_count;
    restoring->expected_instances = head.instance_count;
    return STATUS_OK;
}

enum status registry_state_restore(void *argument, const struct registry_record *record)
{
    struct registry_restoring *restoring = argument;
    enum status status = STATUS_DATA_LOSS;
    struct arena arena;
    struct call call;
    arena_init(&arena, RECORD_ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    restoring->any = true;
    switch (record->kind) {
    case REGISTRY_RECORD_HEAD:
        status = restore_head(restoring, &call, record);
        break;
    case REGISTRY_RECORD_NODE:
        status = restore_node(restoring, &call, record);
        break;
    case REGISTRY_RECORD_INSTANCE:
        status = restore_instance(restoring, &call, record);
        break;
    case REGISTRY_RECORD_KINDS:
        break;
    }
    arena_deinit(&arena);
    /* What the model refuses, or has no node, was never saved. */
    return status == STATUS_INVALID_ARGUMENT || status == STATUS_NOT_FOUND ? STATUS_DATA_LOSS
                                                                           : status;
}

static int compare_instances(const void *first, const void *second)
{
    const struct stored_instance *const *a = first;
    const struct stored_instance *const *b = second;
    return (*a)->view.create_index < (*b)->view.create_index   ? -1
           : (*a)->view.create_index > (*b)->view.create_index ? 1
                                                               : 0;
}

/* Records come by key; instances of a service are in the order of their registration. */
static enum status sort_instances(struct registry_state *state)
{
    size_t count = state->instances.count;
    struct stored_instance **sorted =
        calloc(count > 0 ? count : 1, sizeof(struct stored_instance *));
    if (sorted == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = state->instances.entries[i].value;
    }
    qsort(sorted, count, sizeof(struct stored_instance *), compare_instances);
    for (size_t i = 0; i < count; i++) {
        list_remove(&sorted[i]->link);
        list_append(&sorted[i]->service->instances, &sorted[i]->link);
    }
    free(sorted);
    return STATUS_OK;
}

/* Whoever waits for a change is told once: what he missed is not known. */
static void raise_indexes(struct registry_state *state, uint64_t saved)
{
    if (state->index < saved + REGISTRY_INDEX_RESERVE) {
        state->index = saved + REGISTRY_INDEX_RESERVE;
    }
    state->first_index = state->index;
    state->extinction_index = state->index;
    for (size_t i = 0; i < STORED_TOPIC_COUNT; i++) {
        state->topics[i].index = state->index;
    }
    for (size_t i = 0; i < state->services.count; i++) {
        struct stored_service *service = state->services.entries[i].value;
        service->index = state->index;
    }
}

enum status registry_state_restored(struct registry_restoring *restoring)
{
    struct registry_state *state = restoring->state;
    struct registry_change change = {.state = state};
    if (!restoring->any) {
        return STATUS_OK;
    }
    if (!restoring->has_head || state->nodes.count != restoring->expected_nodes ||
        state->instances.count != restoring->expected_instances) {
        return STATUS_DATA_LOSS;
    }
    enum status status = sort_instances(state);
    if (status == STATUS_OK) {
        raise_indexes(state, restoring->index);
        stored_aliases_mark(state, NULL);
        stored_aliases_settle(&change, restoring->now_ns);
    }
    return status;
}
