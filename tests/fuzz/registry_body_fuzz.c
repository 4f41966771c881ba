/* The body of a write to the registry: the first byte says of which one. What is taken must come
 * back from its records as it was, and must not make the registry's own rules fail. */
#include "base/arena.h"
#include "registry/handler/registry_catalog_input.h"
#include "registry/handler/registry_check_input.h"
#include "registry/handler/registry_service_input.h"
#include "registry/repository/registry_unsaved.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    ARENA_BYTES = 16 * 1024 * 1024,
    NOW_NS = 1000,
    WALL_MS = 1000000,
    BODY_BYTES_MAX = 256 * 1024
};

static enum status put_service(struct registry_state *state, struct call *call,
                               const struct json *body)
{
    struct registry_registration registration;
    enum status status = registry_service_input_read(call, body, &registration);
    return status == STATUS_OK ? registry_state_put_instance(state, call, &registration, NOW_NS)
                               : status;
}

static enum status put_check(struct registry_state *state, struct call *call,
                             const struct json *body)
{
    struct registry_check_input input;
    struct registry_check_definition check;
    enum status status = registry_check_input_read(call, body, &input);
    if (status == STATUS_OK) {
        status = registry_check_input_define(call, &input, &check);
    }
    if (status != STATUS_OK) {
        return status;
    }
    check.id = input.id.length > 0 ? input.id : input.name;
    check.name = input.name;
    return registry_state_put_check(state, call, &check, NOW_NS);
}

static enum status put_entry(struct registry_state *state, struct call *call,
                             const struct json *body)
{
    struct registry_catalog_entry entry;
    enum status status = registry_catalog_input_read(call, body, &entry);
    if (status == STATUS_OK && !entry.skip_node_update) {
        status = registry_state_put_node(state, call, &entry.node);
    }
    if (status == STATUS_OK && entry.has_service) {
        const struct registry_registration registration = {.service = entry.service};
        status = registry_state_put_instance(state, call, &registration, NOW_NS);
    }
    for (size_t i = 0; status == STATUS_OK && i < entry.check_count; i++) {
        status = registry_state_tell_check(state, call, &entry.checks[i].definition,
                                           entry.checks[i].output, NOW_NS);
    }
    return status;
}

static enum status read_removal(struct registry_state *state, struct call *call,
                                const struct json *body)
{
    struct registry_catalog_removal removal;
    (void)state;
    return registry_catalog_removal_read(call, body, &removal);
}

static enum status (*const writes[])(struct registry_state *state, struct call *call,
                                     const struct json *body) = {put_service, put_check, put_entry,
                                                                 read_removal};

static void ignore(void *argument)
{
    (void)argument;
}

/* Read back, it holds as much. */
static void check_records(struct registry_state *state)
{
    struct registry_unsaved unsaved;
    struct registry_restoring restoring = {.now_ns = NOW_NS, .wall_ms = WALL_MS};
    uint64_t changes = registry_state_changes(state);
    CHECK(registry_state_take_unsaved(state, NOW_NS, WALL_MS, &unsaved) == STATUS_OK);
    CHECK(registry_state_create(1, &restoring.state) == STATUS_OK);
    for (unsigned kind = 0; kind < REGISTRY_RECORD_KINDS; kind++) {
        for (size_t i = 0; i < unsaved.batch.count; i++) {
            const struct registry_record *record = &unsaved.batch.records[i];
            if (record->kind == (enum registry_record_kind)kind && !record->is_removed) {
                CHECK(registry_state_restore(&restoring, record) == STATUS_OK);
            }
        }
    }
    CHECK(registry_state_restored(&restoring) == STATUS_OK);
    CHECK(registry_state_instance_count(restoring.state) == registry_state_instance_count(state));
    CHECK(registry_state_check_count(restoring.state) == registry_state_check_count(state));
    CHECK(registry_state_node_count(restoring.state) == registry_state_node_count(state));
    CHECK(registry_state_changes(state) == changes);
    registry_state_destroy(restoring.state);
    registry_unsaved_release(&unsaved);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct registry_state *state;
    struct arena arena;
    struct call call;
    const struct json *body;
    if (size == 0 || size > BODY_BYTES_MAX) {
        return 0;
    }
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    CHECK(registry_state_create(1, &state) == STATUS_OK);
    registry_state_keep_unsaved(state, ignore, NULL);
    enum status status = json_parse(&call, text_of_bytes(data + 1, size - 1), &body);
    if (status == STATUS_OK) {
        status = writes[data[0] % ARRAY_LENGTH(writes)](state, &call, body);
        CHECK(status == STATUS_OK || call.error.message.length > 0);
    }
    check_records(state);
    registry_state_sweep(state, INT64_MAX / 2, NULL, NULL);
    registry_state_destroy(state);
    arena_deinit(&arena);
    return 0;
}
