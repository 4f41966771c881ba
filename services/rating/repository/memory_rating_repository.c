#include "rating/repository/memory_rating_repository.h"

#include <stdlib.h>

#include "rating/repository/memory_rating_private.h"
#include "rating/repository/rating_retention.h"

static void close_repository(void *state)
{
    struct memory_rating_repository *self = state;
    rating_watch_destroy(self->watch);
    ordered_map_destroy(self->votes);
    ordered_map_destroy(self->user_votes);
    ordered_map_destroy(self->aggregates);
    ordered_map_destroy(self->positions);
    ordered_map_destroy(self->dead_letters);
    ordered_map_destroy(self->events);
    ordered_map_destroy(self->expiries);
    ordered_map_destroy(self->leases);
    ordered_map_destroy(self->changes);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static const struct rating_repository_ops memory_ops = {
    .apply = memory_rating_apply,
    .claim_position = memory_rating_claim_position,
    .get_position = memory_rating_get_position,
    .get_aggregate = memory_rating_get_aggregate,
    .get_aggregates = memory_rating_get_aggregates,
    .get_vote = memory_rating_get_vote,
    .list_user_votes = memory_rating_list_user_votes,
    .list_votes = memory_rating_list_votes,
    .list_aggregates = memory_rating_list_aggregates,
    .list_dead_letters = memory_rating_list_dead_letters,
    .get_dead_letter = memory_rating_get_dead_letter,
    .list_changes = memory_rating_list_changes,
    .get_change_range = memory_rating_get_change_range,
    .await_change = memory_rating_await_change,
    .trim_changes = memory_rating_trim_changes,
    .hold_lease = memory_rating_hold_lease,
    .expire = memory_rating_expire,
    .close = close_repository,
};

enum status
memory_rating_repository_open_with(struct call *call,
                                   const struct memory_rating_repository_options *options,
                                   struct rating_repository *ret_repository)
{
    struct memory_rating_repository *self = calloc(1, sizeof(*self));
    if (self == NULL || rating_watch_create(NULL, NULL, &self->watch) != STATUS_OK) {
        free(self);
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the store");
    }
    pthread_mutex_init(&self->lock, NULL);
    self->retention = rating_retention_or_default(options->retention);
    self->votes = ordered_map_create();
    self->user_votes = ordered_map_create();
    self->aggregates = ordered_map_create();
    self->positions = ordered_map_create();
    self->dead_letters = ordered_map_create();
    self->events = ordered_map_create();
    self->expiries = ordered_map_create();
    self->leases = ordered_map_create();
    self->changes = ordered_map_create();
    *ret_repository = (struct rating_repository){.ops = &memory_ops, .state = self};
    return STATUS_OK;
}

enum status memory_rating_repository_open(struct call *call,
                                          struct rating_repository *ret_repository)
{
    const struct memory_rating_repository_options options = {.retention = {0, 0}};
    return memory_rating_repository_open_with(call, &options, ret_repository);
}
