#include "rating/repository/indexed_rating_ranking.h"

#include <stdlib.h>

#include "rating/repository/indexed_rating_private.h"

enum { CHANGES_QUEUE = 4 };

static const enum record_type types[RANKING_TYPES] = {
#define X(number, symbol, name) RECORD_TYPE_##symbol,
    RECORD_TYPES(X)
#undef X
};

enum record_type ranking_record_type(unsigned place)
{
    CHECK(place < RANKING_TYPES);
    return types[place];
}

unsigned ranking_type_of(enum record_type type)
{
    unsigned place = 0;
    while (place < RANKING_TYPES && types[place] != type) {
        place++;
    }
    CHECK(place < RANKING_TYPES);
    return place;
}

/* The port */

static bool get_parameters(void *state, enum record_type type,
                           struct rank_parameters *ret_parameters)
{
    struct indexed_rating_ranking *self = state;
    if (!self->options.has_mean && !atomic_load(&self->is_built)) {
        return false;
    }
    *ret_parameters = rank_index_parameters(self->indexes[ranking_type_of(type)]);
    return true;
}

struct long_list {
    struct rank_index *index;
    struct call *call;
    const struct rank_query *query;
    struct rank_page page;
    enum status status;
};

static void make_list(void *argument)
{
    struct long_list *list = argument;
    list->status = rank_list(list->index, list->call, list->query, RANK_ON_WORKER, &list->page);
}

static enum status list(void *state, struct call *call, enum record_type type,
                        const struct rank_query *query, struct rank_page *ret_page)
{
    struct indexed_rating_ranking *self = state;
    struct long_list list = {
        .index = self->indexes[ranking_type_of(type)], .call = call, .query = query};
    if (!atomic_load(&self->is_built)) {
        return call_fail(call, STATUS_UNAVAILABLE, "the ranking is being built: %zu records so far",
                         atomic_load(&self->read));
    }
    list.status = rank_list(list.index, call, query, RANK_ON_LOOP, &list.page);
    if (list.status == STATUS_OK && !list.page.finished) {
        atomic_fetch_add(&self->long_lists, 1);
        enum status status = worker_call(self->lists, call, make_list, &list);
        if (status != STATUS_OK) {
            return call_fail(call, status, "the list takes long, and too many wait for theirs");
        }
    }
    if (list.status == STATUS_OK) {
        *ret_page = list.page;
    }
    return list.status;
}

static const struct rating_ranking_ops indexed_ops = {
    .get_parameters = get_parameters,
    .list = list,
};

struct rating_ranking indexed_rating_ranking_port(struct indexed_rating_ranking *ranking)
{
    return (struct rating_ranking){.ops = &indexed_ops, .state = ranking};
}

/* Its life */

static enum status create_parts(struct indexed_rating_ranking *self)
{
    const struct indexed_rating_ranking_options *options = &self->options;
    const struct rank_options rank = {
        .orders = 1u << RANK_BY_SCORE | 1u << RANK_BY_MEAN | 1u << RANK_BY_VOTES,
        .listed_parts = RANK_VOTES,
        .parameters = rank_parameters_make(
            options->minimum_votes, options->has_mean ? options->mean : RANK_MEAN_WITHOUT_VOTES),
    };
    enum status status = worker_pool_create("ranking", 1, CHANGES_QUEUE, &self->changes);
    if (status == STATUS_OK) {
        status = worker_pool_create("lists", 1, INDEXED_RANKING_LISTS_MAX, &self->lists);
    }
    for (unsigned i = 0; i < RANKING_TYPES && status == STATUS_OK; i++) {
        status = rank_index_create(&rank, &self->indexes[i]);
    }
    return status;
}

enum status indexed_rating_ranking_create(struct call *call,
                                          const struct indexed_rating_ranking_options *options,
                                          struct indexed_rating_ranking **ret_ranking)
{
    struct indexed_rating_ranking *self = calloc(1, sizeof(*self));
    enum status status = self != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
    if (status == STATUS_OK) {
        self->options = *options;
        self->wants_all = true;
        status = create_parts(self);
    }
    if (status != STATUS_OK) {
        indexed_rating_ranking_destroy(self);
        return call_fail(call, status, "no memory for the ranking");
    }
    *ret_ranking = self;
    return STATUS_OK;
}

enum status indexed_rating_ranking_start(struct indexed_rating_ranking *self)
{
    cancellation_init(&self->cancellation);
    fiber_group_init(&self->running);
    enum status status = fiber_group_start(&self->running, ranking_follow, self);
    self->is_running = status == STATUS_OK;
    return status;
}

void indexed_rating_ranking_stop(struct indexed_rating_ranking *self)
{
    if (!self->is_running) {
        return;
    }
    self->is_running = false;
    cancellation_request(&self->cancellation);
    fiber_group_join(&self->running);
}

void indexed_rating_ranking_destroy(struct indexed_rating_ranking *self)
{
    if (self == NULL) {
        return;
    }
    worker_pool_destroy(self->changes);
    worker_pool_destroy(self->lists);
    for (unsigned i = 0; i < RANKING_TYPES; i++) {
        rank_index_destroy(self->indexes[i]);
    }
    free(self);
}
