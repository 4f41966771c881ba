/* The rating repository's contract, and what only several processes and a real server show, on the
 * one that MARQUEE_POSTGRES names. */
#include <stdio.h>

#include "contract/rating_repository_contract.h"
#include "peers/postgres_rating_scene.h"

enum { SKIPPED = 77 };

static enum status open_durable(struct call *call, struct text directory,
                                struct rating_retention retention,
                                struct rating_repository *ret_repository)
{
    const struct postgres_rating_repository_options options = {.connections = 4,
                                                               .retention = retention};
    return postgres_scene_open_with(call, directory, options, ret_repository);
}

static enum status open_relaxed(struct call *call, struct text directory,
                                struct rating_retention retention,
                                struct rating_repository *ret_repository)
{
    const struct postgres_rating_repository_options options = {
        .connections = 1, .retention = retention, .durability = RATING_RELAXED};
    return postgres_scene_open_with(call, directory, options, ret_repository);
}

int main(void)
{
    static const struct rating_implementation durable = {"postgres", true, open_durable};
    static const struct rating_implementation relaxed = {"postgres, relaxed", true, open_relaxed};
    if (postgres_scene_conninfo() == NULL) {
        (void)puts("skipped: MARQUEE_POSTGRES names no server (a conninfo)");
        return SKIPPED;
    }
    return rating_repository_contract_run(&durable) + rating_repository_contract_run(&relaxed);
}
