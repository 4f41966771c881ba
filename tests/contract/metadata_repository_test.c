/* Every metadata repository through the one suite. */
#include "base/arena.h"
#include "contract/metadata_repository_contract.h"
#include "metadata/repository/memory_metadata_repository.h"
#include "metadata/repository/sqlite_metadata_repository.h"

static enum status open_memory(struct call *call, struct text directory,
                               struct worker_pool *workers,
                               struct metadata_repository *ret_repository)
{
    (void)directory;
    (void)workers;
    return memory_metadata_repository_open(call, ret_repository);
}

static enum status open_sqlite(struct call *call, struct text directory,
                               struct worker_pool *workers,
                               struct metadata_repository *ret_repository)
{
    const struct sqlite_metadata_repository_options options = {
        .path = arena_format(call->arena, "%.*s/metadata.sqlite", TEXT_ARGUMENTS(directory)),
        .workers = workers,
    };
    return sqlite_metadata_repository_open(call, &options, ret_repository);
}

int main(void)
{
    static const struct metadata_implementation implementations[] = {
        {"memory", false, open_memory},
        {"sqlite", true, open_sqlite},
    };
    int failures = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(implementations); i++) {
        failures += metadata_repository_contract_run(&implementations[i]);
    }
    return failures;
}
