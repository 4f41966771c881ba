#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "registry/repository/registry_state_private.h"

/* Room for the note on how much was cut. */
enum {
    OUTPUT_NOTE_BYTES = 96,
    CUT_OUTPUT_BYTES = REGISTRY_PROBE_OUTPUT_BYTES_MAX + OUTPUT_NOTE_BYTES,
};

static struct list *checks_of(struct stored_node *node, struct stored_instance *instance)
{
    return instance != NULL ? &instance->checks : &node->checks;
}

static size_t *check_count_of(struct stored_node *node, struct stored_instance *instance)
{
    return instance != NULL ? &instance->check_count : &node->check_count;
}

static bool has_instance_on(const struct stored_service *service, const struct stored_node *node)
{
    for (const struct list *link = service->instances.next; link != &service->instances;
         link = link->next) {
        if (((const struct stored_instance *)(const void *)((const char *)link -
                                                            offsetof(struct stored_instance, link)))
                ->node == node) {
            return true;
        }
    }
    return false;
}

/* A check of the node says something of every service on it. */
static void change_check(struct registry_change *change, struct stored_check *check)
{
    struct registry_state *state = change->state;
    check->view.modify_index = registry_change_index(change);
    stored_check_mark(state, check);
    registry_change_topic(change, REGISTRY_TOPIC_CHECKS);
    if (stored_node_is_own(state, check->node)) {
        stored_aliases_mark(state,
                            check->instance != NULL ? &check->instance->definition->id : NULL);
    }
    if (check->instance != NULL) {
        registry_change_service(change, check->instance->service);
        return;
    }
    for (size_t i = 0; i < state->services.count; i++) {
        struct stored_service *service = state->services.entries[i].value;
        if (stored_node_is_own(state, check->node) || has_instance_on(service, check->node)) {
            registry_change_service(change, service);
        }
    }
}

/* The start of a longer text, and how much there was. */
static struct text cut_output(struct text output, size_t bytes_max,
                              char buffer[static CUT_OUTPUT_BYTES])
{
    if (output.length <= bytes_max) {
        return output;
    }
    memcpy(buffer, output.data, bytes_max);
    int length = snprintf(buffer + bytes_max, OUTPUT_NOTE_BYTES, " ... (captured %zu of %zu bytes)",
                          bytes_max, output.length);
    return text_of_bytes(buffer, bytes_max + (size_t)length);
}

/* Without memory for it, or over the registry's limit, the output is left out: the status counts.
 */
static void keep_output(struct registry_state *state, struct stored_check *check,
                        struct text output)
{
    char buffer[CUT_OUTPUT_BYTES];
    if (text_equal(check->view.output, output)) {
        return;
    }
    output = cut_output(output, REGISTRY_PROBE_OUTPUT_BYTES_MAX, buffer);
    state->bytes -= check->output_bytes;
    free(check->output);
    check->output = NULL;
    check->output_bytes = 0;
    check->view.output = (struct text){NULL, 0};
    if (output.length == 0 || state->bytes + output.length > REGISTRY_BYTES_MAX) {
        return;
    }
    check->output = malloc(output.length);
    if (check->output == NULL) {
        return;
    }
    memcpy(check->output, output.data, output.length);
    check->output_bytes = output.length;
    state->bytes += output.length;
    check->view.output = text_of_bytes(check->output, output.length);
}

/* An instance that is critical for too long goes; those that others look at, they take away. */
static void arrange_reaping(struct registry_state *state, struct stored_check *check,
                            int64_t now_ns)
{
    int64_t after_ns = check->definition->deregister_after_ns;
    if (check->view.status != REGISTRY_CRITICAL || after_ns == 0 || check->instance == NULL ||
        check->definition->kind == REGISTRY_CHECK_EXTERNAL) {
        registry_deadline_stop(&state->deadlines, &check->reap);
    } else if (!registry_deadline_is_running(&check->reap)) {
        registry_deadline_start(&state->deadlines, &check->reap, now_ns + after_ns, now_ns);
    }
}

void stored_check_set(struct registry_change *change, struct stored_check *check,
                      enum registry_status status, struct text output, int64_t now_ns)
{
    bool is_change = check->view.status != status;
    keep_output(change->state, check, output);
    check->view.status = status;
    if (is_change) {
        change_check(change, check);
    }
    arrange_reaping(change->state, check, now_ns);
}

void stored_check_set_unconfirmed(struct registry_state *state, struct stored_check *check,
                                  bool unconfirmed)
{
    if (check->view.is_unconfirmed != unconfirmed) {
        check->view.is_unconfirmed = unconfirmed;
        state->unconfirmed_count += unconfirmed ? 1 : SIZE_MAX;
    }
}

void stored_check_start_reaping(struct registry_state *state, struct stored_check *check,
                                int64_t due_ns, int64_t now_ns)
{
    registry_deadline_start(&state->deadlines, &check->reap, due_ns, now_ns);
}

static void start_deadlines(struct registry_state *state, struct stored_check *check,
                            int64_t now_ns)
{
    const struct registry_check_definition *definition = check->definition;
    if (registry_deadline_is_running(&check->reap)) {
        stored_check_mark(state, check); /* it counts anew */
    }
    stored_check_set_unconfirmed(state, check, false);
    registry_deadline_stop(&state->deadlines, &check->ttl);
    registry_deadline_stop(&state->deadlines, &check->reap);
    if (definition->kind == REGISTRY_CHECK_TTL) {
        registry_deadline_start(&state->deadlines, &check->ttl, now_ns + definition->ttl_ns,
                                now_ns);
    }
    list_remove(&check->alias_link);
    if (definition->kind == REGISTRY_CHECK_ALIAS) {
        list_append(&state->aliases, &check->alias_link);
        check->alias_is_stale = true;
        state->any_alias_is_stale = true;
    }
    if (!registry_check_kind_is_active(definition->kind)) {
        registry_deadline_stop(&state->deadlines, &check->probe);
    } else if (!registry_deadline_is_running(&check->probe)) {
        registry_deadline_start(&state->deadlines, &check->probe, now_ns, now_ns);
    }
    arrange_reaping(state, check, now_ns);
}

static void adopt_definition(struct registry_state *state, struct stored_check *check,
                             struct registry_check_definition *definition, size_t bytes)
{
    /* Replacing an entry needs no memory. */
    CHECK(registry_table_set(&state->checks, definition->key, check));
    state->bytes += bytes;
    state->bytes -= check->definition_bytes;
    free(check->definition);
    check->definition = definition;
    check->definition_bytes = bytes;
    check->view.definition = definition;
    /* As if it had been so for long: the first look counts at once. */
    check->successes = definition->success_before_passing;
    check->failures = definition->failures_before_critical;
    check->view.pace = REGISTRY_PACE_UNKNOWN;
}

static enum status copy_definition(struct registry_state *state, struct call *call,
                                   const struct stored_instance *instance,
                                   const struct registry_check_definition *definition,
                                   struct registry_check_definition **ret_copy, size_t *ret_bytes)
{
    struct registry_check_definition owned = *definition;
    owned.service_id = instance != NULL ? instance->definition->id : (struct text){NULL, 0};
    enum status status = registry_check_definition_validate(call, &owned);
    if (status != STATUS_OK) {
        return status;
    }
    struct registry_check_definition *copy = registry_check_definition_copy(&owned, ret_bytes);
    if (copy == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    status = registry_state_check_bytes(state, call, *ret_bytes);
    if (status != STATUS_OK) {
        free(copy);
        return status;
    }
    *ret_copy = copy;
    return STATUS_OK;
}

static enum status check_room(struct registry_state *state, struct call *call,
                              struct stored_node *node, struct stored_instance *instance)
{
    if (state->checks.count == REGISTRY_CHECKS_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "more than %d checks",
                         REGISTRY_CHECKS_MAX);
    }
    if (*check_count_of(node, instance) == REGISTRY_CHECKS_PER_INSTANCE_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "more than %d checks of one instance",
                         REGISTRY_CHECKS_PER_INSTANCE_MAX);
    }
    return STATUS_OK;
}

/* Takes the definition over on success. */
static struct stored_check *create_check(struct registry_change *change, struct stored_node *node,
                                         struct stored_instance *instance,
                                         struct registry_check_definition *definition, size_t bytes)
{
    struct registry_state *state = change->state;
    struct stored_check *check = calloc(1, sizeof(*check));
    if (check == NULL || !registry_table_set(&state->checks, definition->key, check)) {
        free(check);
        return NULL;
    }
    registry_deadline_init(&check->ttl, DEADLINE_TTL);
    registry_deadline_init(&check->reap, DEADLINE_REAP);
    registry_deadline_init(&check->probe, DEADLINE_PROBE);
    adopt_definition(state, check, definition, bytes);
    check->node = node;
    check->view.node = stored_node_is_own(state, node) ? NULL : &node->view;
    check->instance = instance;
    check->view.instance = instance != NULL ? &instance->view : NULL;
    check->view.status = definition->initial;
    check->view.create_index = registry_change_index(change);
    list_init(&check->alias_link);
    list_append(checks_of(node, instance), &check->link);
    ++*check_count_of(node, instance);
    return check;
}

static enum status put_definition(struct registry_change *change, struct call *call,
                                  struct stored_node *node, struct stored_instance *instance,
                                  const struct registry_check_definition *definition,
                                  struct stored_check **check)
{
    struct registry_check_definition *copy;
    size_t bytes;
    enum status status =
        *check == NULL ? check_room(change->state, call, node, instance) : STATUS_OK;
    if (status == STATUS_OK) {
        status = copy_definition(change->state, call, instance, definition, &copy, &bytes);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (*check != NULL && registry_check_definition_equal((*check)->definition, copy)) {
        free(copy);
        return STATUS_OK;
    }
    if (*check != NULL) {
        adopt_definition(change->state, *check, copy, bytes);
    } else {
        *check = create_check(change, node, instance, copy, bytes);
    }
    if (*check == NULL) {
        free(copy);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    change_check(change, *check);
    return STATUS_OK;
}

enum status stored_check_put(struct registry_change *change, struct call *call,
                             struct stored_node *node, struct stored_instance *instance,
                             const struct registry_check_definition *definition, int64_t now_ns)
{
    char key[REGISTRY_KEY_BYTES_MAX];
    struct stored_check *check = registry_table_find(
        &change->state->checks, registry_key(definition->node, definition->id, key));
    if (check != NULL && check->instance != instance) {
        stored_check_remove(change, check);
        check = NULL;
    }
    enum status status = put_definition(change, call, node, instance, definition, &check);
    if (status == STATUS_OK) {
        start_deadlines(change->state, check, now_ns);
    }
    return status;
}

void stored_check_remove(struct registry_change *change, struct stored_check *check)
{
    struct registry_state *state = change->state;
    registry_deadline_stop(&state->deadlines, &check->ttl);
    registry_deadline_stop(&state->deadlines, &check->reap);
    registry_deadline_stop(&state->deadlines, &check->probe);
    stored_check_set_unconfirmed(state, check, false);
    change_check(change, check);
    list_remove(&check->link);
    list_remove(&check->alias_link);
    --*check_count_of(check->node, check->instance);
    registry_table_remove(&state->checks, check->definition->key);
    state->bytes -= check->definition_bytes + check->output_bytes;
    free(check->definition);
    free(check->output);
    free(check);
}

static struct stored_check *find_check(struct registry_state *state, struct call *call,
                                       struct text id)
{
    struct stored_check *check = registry_table_find(&state->checks, id);
    if (check == NULL) {
        (void)call_fail(call, STATUS_NOT_FOUND,
                        "Unknown check ID \"%.*s\". Ensure that the check ID is passed, not the "
                        "check name.",
                        TEXT_ARGUMENTS(id));
    }
    return check;
}

enum status registry_state_put_check(struct registry_state *state, struct call *call,
                                     const struct registry_check_definition *check, int64_t now_ns)
{
    state->revision++;
    char key[REGISTRY_KEY_BYTES_MAX];
    struct registry_change change = {.state = state};
    struct stored_instance *instance = NULL;
    struct stored_node *node = stored_node_find(state, check->node);
    if (node == NULL) {
        return call_fail(call, STATUS_NOT_FOUND, "there is no node \"%.*s\"",
                         TEXT_ARGUMENTS(check->node));
    }
    if (check->service_id.length > 0) {
        instance = registry_table_find(&state->instances,
                                       registry_key(check->node, check->service_id, key));
        if (instance == NULL) {
            return call_fail(call, STATUS_NOT_FOUND, "ServiceID \"%.*s\" does not exist",
                             TEXT_ARGUMENTS(check->service_id));
        }
    }
    enum status status = stored_check_put(&change, call, node, instance, check, now_ns);
    stored_aliases_settle(&change, now_ns);
    return status;
}

enum status registry_state_tell_check(struct registry_state *state, struct call *call,
                                      const struct registry_check_definition *check,
                                      struct text output, int64_t now_ns)
{
    state->revision++;
    char key[REGISTRY_KEY_BYTES_MAX];
    struct registry_change change = {.state = state};
    enum status status = registry_state_put_check(state, call, check, now_ns);
    if (status == STATUS_OK) {
        stored_check_set(
            &change, registry_table_find(&state->checks, registry_key(check->node, check->id, key)),
            check->initial, output, now_ns);
        stored_aliases_settle(&change, now_ns);
    }
    return status;
}

enum status registry_state_remove_check(struct registry_state *state, struct call *call,
                                        struct text id, int64_t now_ns)
{
    state->revision++;
    struct registry_change change = {.state = state};
    struct stored_check *check = find_check(state, call, id);
    if (check == NULL) {
        return STATUS_NOT_FOUND;
    }
    stored_check_remove(&change, check);
    stored_aliases_settle(&change, now_ns);
    return STATUS_OK;
}

enum status registry_state_report(struct registry_state *state, struct call *call,
                                  struct text check_id, enum registry_status status,
                                  struct text output, int64_t now_ns)
{
    state->revision++;
    char buffer[CUT_OUTPUT_BYTES];
    struct registry_change change = {.state = state};
    struct stored_check *check = find_check(state, call, check_id);
    if (check == NULL) {
        return STATUS_NOT_FOUND;
    }
    if (check->definition->kind != REGISTRY_CHECK_TTL) {
        return call_fail(call, STATUS_FAILED_PRECONDITION,
                         "CheckID \"%.*s\" does not have associated TTL", TEXT_ARGUMENTS(check_id));
    }
    registry_deadline_start(&state->deadlines, &check->ttl, now_ns + check->definition->ttl_ns,
                            now_ns);
    output = cut_output(output, registry_check_output_bytes_max(check->definition), buffer);
    stored_check_set_unconfirmed(state, check, false);
    stored_check_set(&change, check, status, output, now_ns);
    stored_aliases_settle(&change, now_ns);
    return STATUS_OK;
}

/* What so many looks in a row make of it; false: nothing yet. */
static bool count_look(struct stored_check *check, enum registry_status *status)
{
    const struct registry_check_definition *definition = check->definition;
    if (*status != REGISTRY_CRITICAL) {
        check->successes++;
        check->failures = 0;
        return check->successes >= definition->success_before_passing;
    }
    unsigned before_warning = definition->failures_before_warning > 0
                                  ? definition->failures_before_warning
                                  : definition->failures_before_critical;
    check->failures++;
    check->successes = 0;
    if (check->failures < definition->failures_before_critical) {
        *status = REGISTRY_WARNING;
        return check->failures >= before_warning;
    }
    return true;
}

void registry_state_probed(struct registry_state *state, struct text check_id,
                           uint64_t create_index, enum registry_status status, struct text output,
                           enum registry_pace pace, int64_t now_ns)
{
    state->revision++;
    struct registry_change change = {.state = state};
    struct stored_check *check = registry_table_find(&state->checks, check_id);
    if (check == NULL || check->view.create_index != create_index ||
        !registry_check_kind_is_active(check->definition->kind)) {
        return;
    }
    registry_deadline_start(&state->deadlines, &check->probe,
                            now_ns + check->definition->interval_ns, now_ns);
    stored_check_set_unconfirmed(state, check, false);
    check->view.pace = pace;
    if (count_look(check, &status)) {
        stored_check_set(&change, check, status, output, now_ns);
        stored_aliases_settle(&change, now_ns);
    }
}
