#include "registry/registry_kept.h"

#include "base/clock.h"
#include "loop/loop.h"
#include "registry/registry_metrics.h"
#include "registry/repository/sqlite_registry_repository.h"
#include "store/store_metrics.h"

struct opening {
    struct process *process;
    struct call *call;
    struct registry_checker checker;
    struct registry_repository repository;
    struct registry_controller *controller;
};

static void log_saving(void *state, bool works, const struct call *call)
{
    const struct process *process = state;
    if (works) {
        log_write(process_log(process), LOG_INFO, "what changes is saved again", NULL);
    } else {
        log_call(process_log(process), LOG_ERROR, call,
                 "what changes cannot be saved: writes are answered by 503", NULL);
    }
}

static enum status open_controller(struct opening *opening)
{
    const struct registry_controller_options options = {
        .checker = opening->checker,
        .settle_ms = config_duration_ms(process_config(opening->process), "settle-time"),
        .repository = opening->repository,
        .events = {.saving = log_saving, .state = opening->process},
    };
    return registry_controller_create(loop_current(), opening->call, &options,
                                      &opening->controller);
}

static enum status open_repository(struct opening *opening)
{
    const struct sqlite_registry_repository_options options = {
        .path = config_text(process_config(opening->process), "data")};
    return options.path.length == 0
               ? STATUS_OK
               : sqlite_registry_repository_open(opening->call, &options, &opening->repository);
}

static enum status open_both(struct opening *opening)
{
    enum status status = open_repository(opening);
    return status == STATUS_OK ? open_controller(opening) : status;
}

/* Who is alive registers again: an empty registry is of more use than none. */
static enum status begin_anew(struct opening *opening)
{
    struct text aside;
    registry_kept_close(&opening->repository);
    enum status status = sqlite_registry_repository_set_aside(
        opening->call, config_text(process_config(opening->process), "data"), &aside);
    if (status != STATUS_OK) {
        return status;
    }
    log_call(process_log(opening->process), LOG_ERROR, opening->call,
             "what was kept is damaged: begins with nothing, services register again",
             LOG_FIELDS(log_text("kept_aside", aside)));
    call_clear_error(opening->call);
    return open_both(opening);
}

static void log_loaded(const struct log *log, const struct registry_controller_loaded *loaded)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    log_write(log, LOG_INFO, "goes on with what was kept",
              LOG_FIELDS(log_text("saved", clock_format(loaded->saved_ms, time)),
                         log_integer("instances", (int64_t)loaded->instances),
                         log_integer("checks", (int64_t)loaded->checks),
                         log_integer("unconfirmed", (int64_t)loaded->unconfirmed)));
}

enum status registry_kept_open(struct process *process, struct call *call,
                               struct registry_checker checker,
                               struct registry_repository *ret_repository,
                               struct registry_controller **ret_controller)
{
    struct opening opening = {.process = process, .call = call, .checker = checker};
    enum status status = open_both(&opening);
    if (status == STATUS_DATA_LOSS) {
        status = begin_anew(&opening);
    }
    *ret_repository = opening.repository;
    if (status != STATUS_OK) {
        return status;
    }
    *ret_controller = opening.controller;
    if (registry_controller_loaded(opening.controller)->any) {
        log_loaded(process_log(process), registry_controller_loaded(opening.controller));
    }
    telemetry_add_source(process_telemetry(process), registry_metrics_write, opening.controller);
    if (opening.repository.ops != NULL) {
        telemetry_add_source(process_telemetry(process), store_metrics_write,
                             sqlite_registry_repository_writer(&opening.repository));
    }
    return STATUS_OK;
}

void registry_kept_close(struct registry_repository *repository)
{
    if (repository->ops != NULL) {
        repository->ops->close(repository->state);
        repository->ops = NULL;
    }
}
