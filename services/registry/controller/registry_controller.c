#include "registry/controller/registry_controller.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "registry/controller/registry_controller_private.h"

enum { LATE_SWEEPS = 2 };

static void start_sweeping(struct registry_controller *controller)
{
    if (controller->sweep_due_ns != 0 || !registry_state_has_deadlines(controller->state)) {
        return;
    }
    controller->sweep_due_ns = clock_monotonic_ns() + REGISTRY_SWEEP_MS * CLOCK_NS_PER_MS;
    if (loop_timer_start(controller->loop, &controller->sweep, controller->sweep_due_ns) !=
        STATUS_OK) {
        controller->sweep_due_ns = 0; /* the next write tries again */
    }
}

/* A loop that was held up has heartbeats waiting on its sockets: they get a turn before anything
 * expires. */
static bool is_late(struct registry_controller *controller, int64_t now_ns)
{
    bool late =
        now_ns - controller->sweep_due_ns > LATE_SWEEPS * REGISTRY_SWEEP_MS * CLOCK_NS_PER_MS;
    bool postpone = late && !controller->sweep_postponed;
    controller->sweep_postponed = postpone;
    return postpone;
}

static void sweep(struct loop_timer *timer)
{
    struct registry_controller *controller = CONTAINER_OF(timer, struct registry_controller, sweep);
    int64_t now_ns = clock_monotonic_ns();
    if (is_late(controller, now_ns) &&
        loop_timer_start(controller->loop, &controller->sweep, now_ns) == STATUS_OK) {
        return;
    }
    controller->sweep_due_ns = 0;
    registry_state_sweep(controller->state, now_ns, registry_controller_start_probe, controller);
    start_sweeping(controller);
}

/* A state with what was kept of it. */
static enum status open_state(struct registry_controller *controller, struct call *call)
{
    /* Microseconds since 1970: no process before this one, with less than a million writes a
     * second, has come so far. Exact in JSON's doubles. */
    uint64_t first_index = (uint64_t)clock_wall_ms() * 1000;
    enum status status = registry_state_create(first_index, &controller->state);
    if (status == STATUS_OK) {
        status = registry_saver_open(&controller->saver, call, controller->loop, controller->state,
                                     &controller->loaded);
    }
    return status;
}

enum status registry_controller_create(struct loop *loop, struct call *call,
                                       const struct registry_controller_options *options,
                                       struct registry_controller **ret_controller)
{
    struct registry_controller *controller = calloc(1, sizeof(*controller));
    if (controller == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    controller->loop = loop;
    controller->checker = options->checker;
    controller->saver.repository = options->repository;
    controller->saver.events = options->events;
    controller->deregister_after_min_ns =
        (options->deregister_after_min_ms > 0 ? options->deregister_after_min_ms
                                              : REGISTRY_DEREGISTER_AFTER_MIN_MS) *
        CLOCK_NS_PER_MS;
    controller->sweep.expire = sweep;
    cancellation_init(&controller->probes_cancelled);
    fiber_wait_init(&controller->probes_ended);
    enum status status = open_state(controller, call);
    if (status != STATUS_OK) {
        registry_state_destroy(controller->state);
        free(controller);
        return status;
    }
    controller->settled_ns = clock_monotonic_ns();
    if (!controller->loaded.any) {
        controller->settled_ns += options->settle_ms * CLOCK_NS_PER_MS;
    }
    start_sweeping(controller);
    *ret_controller = controller;
    return STATUS_OK;
}

const struct registry_controller_loaded *
registry_controller_loaded(const struct registry_controller *controller)
{
    return &controller->loaded;
}

bool registry_controller_is_saving(const struct registry_controller *controller)
{
    return controller->saver.told_ns == 0;
}

void registry_controller_destroy(struct registry_controller *controller)
{
    if (controller == NULL) {
        return;
    }
    loop_timer_stop(controller->loop, &controller->sweep);
    cancellation_request(&controller->probes_cancelled);
    while (controller->probe_count > 0) {
        CHECK(fiber_wait(NULL, &controller->probes_ended) == STATUS_OK);
    }
    loop_timer_stop(controller->loop, &controller->sweep);
    registry_saver_close(&controller->saver);
    registry_state_destroy(controller->state);
    free(controller);
}

void registry_controller_stop_waiting(struct registry_controller *controller)
{
    controller->waiting_stopped = true;
    registry_state_notify_all(controller->state);
}

const struct registry_state *registry_controller_state(const struct registry_controller *controller)
{
    return controller->state;
}

/* The check as it will be kept: Consul's least times hold. */
static enum status adjust_check(struct registry_controller *controller, struct call *call,
                                struct registry_check_definition *check)
{
    if (check->deregister_after_ns > 0 &&
        check->deregister_after_ns < controller->deregister_after_min_ns) {
        check->deregister_after_ns = controller->deregister_after_min_ns;
    }
    if (!registry_check_kind_is_active(check->kind)) {
        return STATUS_OK;
    }
    if (controller->checker.ops == NULL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "Invalid check: this registry does no active checks");
    }
    if (check->interval_ns < REGISTRY_CHECK_INTERVAL_MIN_MS * CLOCK_NS_PER_MS) {
        check->interval_ns = REGISTRY_CHECK_INTERVAL_MIN_MS * CLOCK_NS_PER_MS;
    }
    return STATUS_OK;
}

enum status registry_controller_put_instance(struct registry_controller *controller,
                                             struct call *call,
                                             const struct registry_registration *registration,
                                             int64_t now_ns)
{
    struct registry_check_definition checks[REGISTRY_CHECKS_PER_INSTANCE_MAX];
    struct registry_registration adjusted = *registration;
    if (registration->check_count > REGISTRY_CHECKS_PER_INSTANCE_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "Invalid check: more than %d checks",
                         REGISTRY_CHECKS_PER_INSTANCE_MAX);
    }
    for (size_t i = 0; i < registration->check_count; i++) {
        checks[i] = registration->checks[i];
        enum status status = adjust_check(controller, call, &checks[i]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    adjusted.checks = checks;
    enum status status = registry_state_put_instance(controller->state, call, &adjusted, now_ns);
    start_sweeping(controller);
    return registry_saver_settle(&controller->saver, call, status);
}

enum status registry_controller_remove_instance(struct registry_controller *controller,
                                                struct call *call, struct text id)
{
    enum status status =
        registry_state_remove_instance(controller->state, call, id, clock_monotonic_ns());
    return registry_saver_settle(&controller->saver, call, status);
}

enum status registry_controller_put_check(struct registry_controller *controller, struct call *call,
                                          const struct registry_check_definition *check,
                                          int64_t now_ns)
{
    struct registry_check_definition adjusted = *check;
    enum status status = adjust_check(controller, call, &adjusted);
    if (status == STATUS_OK) {
        status = registry_state_put_check(controller->state, call, &adjusted, now_ns);
        start_sweeping(controller);
    }
    return registry_saver_settle(&controller->saver, call, status);
}

enum status registry_controller_remove_check(struct registry_controller *controller,
                                             struct call *call, struct text id)
{
    enum status status =
        registry_state_remove_check(controller->state, call, id, clock_monotonic_ns());
    return registry_saver_settle(&controller->saver, call, status);
}

/* Heartbeats, which change nothing, wait for no disk. */
enum status registry_controller_report(struct registry_controller *controller, struct call *call,
                                       struct text check_id, enum registry_status status,
                                       struct text output, int64_t now_ns)
{
    uint64_t changes = registry_state_changes(controller->state);
    enum status reported =
        registry_state_report(controller->state, call, check_id, status, output, now_ns);
    start_sweeping(controller);
    return registry_state_changes(controller->state) == changes
               ? reported
               : registry_saver_settle(&controller->saver, call, reported);
}

enum status registry_controller_put_node(struct registry_controller *controller, struct call *call,
                                         const struct registry_node_definition *node)
{
    enum status status = registry_state_put_node(controller->state, call, node);
    return registry_saver_settle(&controller->saver, call, status);
}

enum status registry_controller_remove_node(struct registry_controller *controller,
                                            struct call *call, struct text name)
{
    enum status status = registry_state_remove_node(controller->state, call, name);
    return registry_saver_settle(&controller->saver, call, status);
}

enum status registry_controller_tell_check(struct registry_controller *controller,
                                           struct call *call,
                                           const struct registry_check_definition *check,
                                           struct text output, int64_t now_ns)
{
    enum status status = registry_state_tell_check(controller->state, call, check, output, now_ns);
    start_sweeping(controller);
    return registry_saver_settle(&controller->saver, call, status);
}

static enum status set_maintenance(struct registry_controller *controller, struct call *call,
                                   const struct registry_check_definition *check, bool enable)
{
    bool is_enabled = registry_state_find_check(controller->state, check->id) != NULL;
    enum status status = STATUS_OK;
    if (enable && !is_enabled) {
        status = registry_state_put_check(controller->state, call, check, clock_monotonic_ns());
    } else if (!enable && is_enabled) {
        status =
            registry_state_remove_check(controller->state, call, check->id, clock_monotonic_ns());
    }
    return registry_saver_settle(&controller->saver, call, status);
}

enum status registry_controller_set_maintenance(struct registry_controller *controller,
                                                struct call *call, struct text id, bool enable,
                                                struct text reason)
{
    static const struct text no_reason =
        TEXT_INIT("Maintenance mode is enabled for this service, but no reason was provided. "
                  "This is a default message.");
    struct text check_id =
        arena_format(call->arena, "_service_maintenance:%.*s", TEXT_ARGUMENTS(id));
    if (check_id.data == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (registry_state_find_instance(controller->state, id) == NULL) {
        return call_fail(call, STATUS_NOT_FOUND,
                         "Unknown service ID \"%.*s\". Ensure that the service ID is passed, not "
                         "the service name.",
                         TEXT_ARGUMENTS(id));
    }
    const struct registry_check_definition check = {
        .id = check_id,
        .name = TEXT("Service Maintenance Mode"),
        .notes = reason.length > 0 ? reason : no_reason,
        .service_id = id,
        .kind = REGISTRY_CHECK_MAINTENANCE,
        .initial = REGISTRY_CRITICAL,
    };
    return set_maintenance(controller, call, &check, enable);
}

enum status registry_controller_set_node_maintenance(struct registry_controller *controller,
                                                     struct call *call, bool enable,
                                                     struct text reason)
{
    static const struct text no_reason =
        TEXT_INIT("Maintenance mode is enabled for this node, but no reason was provided. "
                  "This is a default message.");
    const struct registry_check_definition check = {
        .id = TEXT("_node_maintenance"),
        .name = TEXT("Node Maintenance Mode"),
        .notes = reason.length > 0 ? reason : no_reason,
        .kind = REGISTRY_CHECK_MAINTENANCE,
        .initial = REGISTRY_CRITICAL,
    };
    return set_maintenance(controller, call, &check, enable);
}
