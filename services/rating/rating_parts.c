#include "rating/rating_parts.h"

#include "process/process.h"
#include "rating/rating_guard.h"
#include "rating/rating_ingestion.h"
#include "rating/rating_outbox.h"
#include "rating/rating_scores.h"
#include "rating/rating_upkeep.h"
#include "rating/repository/indexed_rating_ranking.h"

static enum status open_store(struct rating_parts *parts, struct process *process,
                              struct call *call, const struct rating_store_options *options)
{
    struct rating_store store;
    enum status status = rating_store_open(call, options, &store);
    if (status == STATUS_OK) {
        parts->controller.repository = store.repository;
        rating_store_add_metrics(&store, process_telemetry(process));
        status = rating_upkeep_create(process, call, &store, &parts->upkeep);
    }
    return status;
}

enum status rating_parts_open(struct rating_parts *parts, struct process *process,
                              struct call *call, const struct rating_store_options *store)
{
    struct rating_controller *controller = &parts->controller;
    enum status status = open_store(parts, process, call, store);
    if (status == STATUS_OK) {
        status = rating_scores_open(process, call, controller->repository, &parts->ranking,
                                    &controller->ranking);
    }
    if (status == STATUS_OK) {
        status = rating_guard_open(process, call, &parts->burst);
        controller->burst = parts->burst;
    }
    if (status == STATUS_OK) {
        status =
            rating_ingestion_open_progress(process, call, controller->repository, &parts->progress);
    }
    if (status == STATUS_OK) {
        controller->applied = (struct rating_applied){rating_progress_await, parts->progress};
    }
    return status;
}

enum status rating_parts_start(struct rating_parts *parts, struct process *process,
                               struct call *call)
{
    struct rating_repository repository = parts->controller.repository;
    enum status status = rating_ingestion_open(process, call, repository, parts->progress,
                                               parts->burst, &parts->ingestion);
    if (status == STATUS_OK) {
        status = rating_outbox_open(process, call, repository,
                                    rating_ingestion_log(parts->ingestion), &parts->outbox);
    }
    if (status == STATUS_OK) {
        status = indexed_rating_ranking_start(parts->ranking);
    }
    if (status == STATUS_OK) {
        status = rating_upkeep_start(parts->upkeep);
        parts->is_kept = status == STATUS_OK;
    }
    return status;
}

void rating_parts_stop(struct rating_parts *parts)
{
    if (parts->is_kept) {
        rating_upkeep_stop(parts->upkeep);
    }
    indexed_rating_ranking_stop(parts->ranking);
}

void rating_parts_close(struct rating_parts *parts)
{
    struct rating_repository repository = parts->controller.repository;
    rating_outbox_stop(parts->outbox);
    rating_ingestion_stop(parts->ingestion);
    rating_progress_destroy(parts->progress);
    rating_upkeep_destroy(parts->upkeep);
    indexed_rating_ranking_destroy(parts->ranking);
    if (repository.ops != NULL) {
        repository.ops->close(repository.state);
    }
    rating_ingestion_close(parts->ingestion);
    rating_burst_destroy(parts->burst);
    rating_outbox_close(parts->outbox);
}
