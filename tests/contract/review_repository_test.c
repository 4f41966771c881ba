/* Every review repository through the one suite. */
#include "base/arena.h"
#include "contract/review_repository_contract.h"
#include "review/repository/memory_review_repository.h"
#include "review/repository/sqlite_review_repository.h"

static enum status open_memory(struct call *call, struct text directory,
                               struct worker_pool *workers,
                               struct review_repository *ret_repository)
{
    (void)directory;
    (void)workers;
    return memory_review_repository_open(call, ret_repository);
}

static enum status open_sqlite(struct call *call, struct text directory,
                               struct worker_pool *workers,
                               struct review_repository *ret_repository)
{
    const struct sqlite_review_repository_options options = {
        .path = arena_format(call->arena, "%.*s/review.sqlite", TEXT_ARGUMENTS(directory)),
        .workers = workers,
    };
    return sqlite_review_repository_open(call, &options, ret_repository);
}

int main(void)
{
    static const struct review_implementation implementations[] = {
        {"memory", false, open_memory},
        {"sqlite", true, open_sqlite},
    };
    int failures = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(implementations); i++) {
        failures += review_repository_contract_run(&implementations[i]);
    }
    return failures;
}
