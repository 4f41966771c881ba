/* What is unsaved as a batch of records, and back where it could not be saved. */
#include <stdlib.h>

#include "base/clock.h"
#include "registry/repository/registry_state_private.h"
#include "registry/repository/registry_unsaved.h"

/* Writing. Values lie one behind the other in a buffer that grows: until it is complete, their
 * places are offsets. */
struct taking {
    struct registry_state *state;
    int64_t now_ns;
    int64_t wall_ms;
    struct registry_record *records;
    size_t count;
    struct buffer buffer;
};

static void end_record(struct taking *taking, enum registry_record_kind kind, struct text key,
                       size_t start)
{
    taking->records[taking->count++] = (struct registry_record){
        .kind = kind,
        .key = key,
        .value = {NULL, taking->buffer.length - start},
    };
}

static void fill_checks(const struct taking *taking, const struct list *checks,
                        struct registry_kept_check *kept, size_t *ret_count)
{
    size_t count = 0;
    for (struct list *link = checks->next; link != checks; link = link->next) {
        const struct stored_check *check = CONTAINER_OF(link, struct stored_check, link);
        int64_t since_ns = check->reap.due_ns - check->definition->deregister_after_ns;
        CHECK(count < REGISTRY_CHECKS_PER_INSTANCE_MAX);
        kept[count++] = (struct registry_kept_check){
            .definition = *check->definition,
            .status = check->view.status,
            .output = check->view.output,
            .create_index = check->view.create_index,
            .modify_index = check->view.modify_index,
            .critical_since_ms =
                registry_deadline_is_running(&check->reap)
                    ? taking->wall_ms - (taking->now_ns - since_ns) / CLOCK_NS_PER_MS
                    : 0,
        };
    }
    *ret_count = count;
}

static bool take_node(struct taking *taking, const struct stored_node *node)
{
    struct registry_kept_check checks[REGISTRY_CHECKS_PER_INSTANCE_MAX];
    struct registry_kept_node kept = {.checks = checks};
    size_t start = taking->buffer.length;
    if (node->definition != NULL) {
        kept.definition = *node->definition;
    }
    struct text key = registry_record_node_key(kept.definition.name);
    kept.create_index = node->view.create_index;
    kept.modify_index = node->view.modify_index;
    fill_checks(taking, &node->checks, checks, &kept.check_count);
    if (!registry_record_write_node(&taking->buffer, key, &kept)) {
        return false;
    }
    end_record(taking, REGISTRY_RECORD_NODE, key, start);
    return true;
}

static bool take_instance(struct taking *taking, const struct stored_instance *instance)
{
    struct registry_kept_check checks[REGISTRY_CHECKS_PER_INSTANCE_MAX];
    struct registry_kept_instance kept = {
        .definition = *instance->definition,
        .create_index = instance->view.create_index,
        .modify_index = instance->view.modify_index,
        .checks = checks,
    };
    size_t start = taking->buffer.length;
    fill_checks(taking, &instance->checks, checks, &kept.check_count);
    if (!registry_record_write_instance(&taking->buffer, instance->definition->key, &kept)) {
        return false;
    }
    end_record(taking, REGISTRY_RECORD_INSTANCE, instance->definition->key, start);
    return true;
}

static bool take_head(struct taking *taking)
{
    const struct registry_state *state = taking->state;
    struct registry_kept_head head = {
        .node_id = text_of(state->node_id),
        .node_index = state->own_index,
        .index = state->index,
        .saved_ms = taking->wall_ms,
        .node_count = state->nodes.count,
        .instance_count = state->instances.count,
    };
    size_t start = taking->buffer.length;
    if (!registry_record_write_head(&taking->buffer, &head)) {
        return false;
    }
    end_record(taking, REGISTRY_RECORD_HEAD, (struct text){NULL, 0}, start);
    return true;
}

/* What was removed comes first: it may be there again. */
static bool take_all(struct taking *taking)
{
    const struct registry_state *state = taking->state;
    const struct unsaved_records *unsaved = &state->unsaved;
    bool done = take_head(taking);
    for (struct list *link = unsaved->removed.next; link != &unsaved->removed; link = link->next) {
        const struct removed_record *removed = CONTAINER_OF(link, struct removed_record, link);
        taking->records[taking->count++] = (struct registry_record){
            .kind = removed->kind, .key = removed->key, .is_removed = true};
    }
    if (unsaved->is_whole) {
        done = done && take_node(taking, &state->own);
        for (size_t i = 0; i < state->nodes.count && done; i++) {
            done = take_node(taking, state->nodes.entries[i].value);
        }
        for (size_t i = 0; i < state->instances.count && done; i++) {
            done = take_instance(taking, state->instances.entries[i].value);
        }
        return done;
    }
    for (struct list *link = unsaved->nodes.next; link != &unsaved->nodes && done;
         link = link->next) {
        done = take_node(taking, CONTAINER_OF(link, struct stored_node, unsaved_link));
    }
    for (struct list *link = unsaved->instances.next; link != &unsaved->instances && done;
         link = link->next) {
        done = take_instance(taking, CONTAINER_OF(link, struct stored_instance, unsaved_link));
    }
    return done;
}

/* Keys are the state's, which may change while they are written to disk: copied too. */
static bool copy_keys(struct taking *taking)
{
    for (size_t i = 0; i < taking->count; i++) {
        struct registry_record *record = &taking->records[i];
        if (!buffer_append(&taking->buffer, record->key)) {
            return false;
        }
    }
    return true;
}

static void place_records(struct taking *taking)
{
    const char *at = taking->buffer.data;
    for (size_t i = 0; i < taking->count; i++) {
        taking->records[i].value.data = at;
        at += taking->records[i].value.length;
    }
    for (size_t i = 0; i < taking->count; i++) {
        taking->records[i].key.data = at;
        at += taking->records[i].key.length;
    }
}

/* The head among them; of the whole, the own node too. */
static size_t count_records(const struct registry_state *state)
{
    return state->unsaved.is_whole ? 2 + state->nodes.count + state->instances.count
                                   : 1 + state->unsaved.marked_count + state->unsaved.removed_count;
}

enum status registry_state_take_unsaved(struct registry_state *state, int64_t now_ns,
                                        int64_t wall_ms, struct registry_unsaved *ret_unsaved)
{
    struct taking taking = {.state = state, .now_ns = now_ns, .wall_ms = wall_ms};
    taking.records = calloc(count_records(state), sizeof(*taking.records));
    if (taking.records == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    buffer_init(&taking.buffer, REGISTRY_BATCH_BYTES_MAX);
    if (!take_all(&taking) || !copy_keys(&taking)) {
        buffer_deinit(&taking.buffer);
        free(taking.records);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    place_records(&taking);
    *ret_unsaved = (struct registry_unsaved){
        .batch = {.is_whole = state->unsaved.is_whole,
                  .records = taking.records,
                  .count = taking.count,
                  .bytes = taking.buffer.length},
        .records = taking.records,
        .buffer = taking.buffer,
    };
    unsaved_records_forget(&state->unsaved);
    return STATUS_OK;
}

void registry_unsaved_release(struct registry_unsaved *unsaved)
{
    buffer_deinit(&unsaved->buffer);
    free(unsaved->records);
    *unsaved = (struct registry_unsaved){.records = NULL};
}

static void give_back_record(struct registry_state *state, const struct registry_record *record)
{
    if (record->is_removed) {
        unsaved_records_remember(&state->unsaved, record->kind, record->key);
    } else if (record->kind == REGISTRY_RECORD_INSTANCE) {
        struct stored_instance *instance = registry_table_find(&state->instances, record->key);
        if (instance != NULL) {
            stored_instance_mark(state, instance);
        }
    } else if (record->kind == REGISTRY_RECORD_NODE) {
        struct stored_node *node =
            text_equal(record->key, registry_record_node_key((struct text){NULL, 0}))
                ? &state->own
                : registry_table_find(&state->nodes, record->key);
        if (node != NULL) {
            stored_node_mark(state, node);
        }
    }
}

void registry_state_give_back(struct registry_state *state, struct registry_unsaved *unsaved)
{
    if (unsaved->batch.is_whole) {
        unsaved_records_forget_removed(&state->unsaved);
        state->unsaved.is_whole = true;
    }
    for (size_t i = 0; i < unsaved->batch.count; i++) {
        give_back_record(state, &unsaved->batch.records[i]);
    }
    registry_unsaved_release(unsaved);
}
