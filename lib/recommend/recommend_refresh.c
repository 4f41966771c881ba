/* The neighbours of items, computed anew from the votes. */
#include <math.h>
#include <stdlib.h>

#include "recommend/recommend_private.h"

/* The best of those offered, in the order of a list. */
struct selection {
    struct recommend_list_head head;
    struct recommend_neighbour best[RECOMMEND_LIST_ROOM];
    uint32_t room;
};

static void offer(struct selection *selection, struct recommend_neighbour offered)
{
    struct recommend_neighbour *best = selection->best;
    uint32_t at = selection->head.count;
    if (at == selection->room) {
        selection->head.cut = true;
        if (!recommend_precedes(offered, best[at - 1])) {
            return;
        }
        at--;
    } else {
        selection->head.count++;
    }
    while (at > 0 && recommend_precedes(offered, best[at - 1])) {
        best[at] = best[at - 1];
        at--;
    }
    best[at] = offered;
}

static bool reserve_scratch(struct recommend_model *model)
{
    struct recommend_scratch *scratch = &model->scratch;
    if (model->queue_capacity == scratch->capacity) {
        return true;
    }
    uint32_t *touched = realloc(scratch->touched, model->queue_capacity * sizeof(*touched));
    if (touched == NULL) {
        return false;
    }
    scratch->touched = touched;
    int64_t *sums = calloc(model->queue_capacity, sizeof(*sums));
    if (sums == NULL) {
        return false;
    }
    free(scratch->sums);
    scratch->sums = sums;
    scratch->capacity = model->queue_capacity;
    return true;
}

/* Adds the products of the user's votes with the one on the item. */
static void add_products(struct recommend_model *model, uint32_t item,
                         const struct recommend_user *user)
{
    struct recommend_scratch *scratch = &model->scratch;
    const struct recommend_votes *votes = recommend_counting(user);
    int64_t centred = (int64_t)votes->values[recommend_votes_find(votes, item)] - user->mean;
    for (uint32_t i = 0; i < votes->count; i++) {
        uint32_t other = votes->items[i];
        int64_t product = centred * ((int64_t)votes->values[i] - user->mean);
        if (scratch->sums[other] == 0) {
            scratch->touched[scratch->touched_count++] = other;
        }
        scratch->sums[other] += product * (INT64_C(1) << RECOMMEND_COUNT_BITS) + 1;
    }
}

/* 0: they are not alike, or too few voted on both. */
static float similarity(const struct recommend_model *model, int64_t sums,
                        const struct recommend_item *a, const struct recommend_item *b)
{
    int64_t co_raters = sums & ((INT64_C(1) << RECOMMEND_COUNT_BITS) - 1);
    int64_t product = (sums - co_raters) / (INT64_C(1) << RECOMMEND_COUNT_BITS);
    if (product <= 0 || co_raters < model->settings.minimum_co_raters) {
        return 0;
    }
    double cosine = (double)product / sqrt((double)a->norm * (double)b->norm);
    double shrunk = cosine * (double)co_raters / (double)(co_raters + model->settings.shrinkage);
    return (float)shrunk;
}

static enum status set_list(struct recommend_model *model, uint32_t item,
                            struct selection *selection)
{
    if (model->draft == NULL) {
        model->draft = recommend_lists_copy(model->published, model->queue_capacity);
        if (model->draft == NULL) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
    }
    return recommend_lists_set(model->draft, item, &selection->head, selection->best);
}

static const struct recommend_list *list_of(const struct recommend_model *model, uint32_t item)
{
    return recommend_lists_get(model->draft != NULL ? model->draft : model->published, item);
}

/* Puts what the item is to another into the other's list. Where too few are left of a list that was
 * cut, the other waits. */
static enum status tell_other(struct recommend_model *model, uint32_t other,
                              struct recommend_neighbour told)
{
    const struct recommend_list *before = list_of(model, other);
    uint32_t count = before != NULL ? before->head.count : 0;
    bool cut = before != NULL && before->head.cut;
    bool fits = told.similarity > 0 && !(cut && recommend_precedes(before->head.bound, told));
    uint32_t found = 0;
    while (found < count && before->neighbours[found].item != told.item) {
        found++;
    }
    if (found == count ? !fits : before->neighbours[found].similarity == told.similarity) {
        return STATUS_OK;
    }
    struct selection selection = {.room = model->settings.neighbours + RECOMMEND_LISTS_SPARE};
    for (uint32_t i = 0; i < count; i++) {
        if (i != found) {
            offer(&selection, before->neighbours[i]);
        }
    }
    if (fits) {
        offer(&selection, told);
    }
    if (selection.head.cut) {
        selection.head.bound = selection.best[selection.head.count - 1];
    } else if (cut) {
        selection.head.cut = true;
        selection.head.bound = before->head.bound;
    }
    enum status status = set_list(model, other, &selection);
    if (status == STATUS_OK && cut && selection.head.count < model->settings.neighbours) {
        pthread_mutex_lock(&model->lock);
        recommend_wait(model, other);
        pthread_mutex_unlock(&model->lock);
    }
    return status;
}

static enum status compare_with_touched(struct recommend_model *model, uint32_t number)
{
    struct recommend_scratch *scratch = &model->scratch;
    const struct recommend_item *item = recommend_item_at(model, number);
    struct selection selection = {.room = model->settings.neighbours + RECOMMEND_LISTS_SPARE};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < scratch->touched_count && status == STATUS_OK; i++) {
        uint32_t other = scratch->touched[i];
        const struct recommend_item *with = recommend_item_at(model, other);
        if (other == number) {
            continue;
        }
        float alike = similarity(model, scratch->sums[other], item, with);
        if (alike > 0) {
            offer(&selection, (struct recommend_neighbour){other, alike});
        }
        /* One that was computed of all that there is now knows it. */
        if (!with->waiting && with->computed != model->changes) {
            status = tell_other(model, other, (struct recommend_neighbour){number, alike});
        }
    }
    if (selection.head.cut) {
        selection.head.bound = selection.best[selection.head.count - 1];
    }
    bool empty = selection.head.count == 0 && list_of(model, number) == NULL;
    return status == STATUS_OK && !empty ? set_list(model, number, &selection) : status;
}

/* *ret_work: pairs that were looked at. */
static enum status compute(struct recommend_model *model, uint32_t number, uint64_t *ret_work)
{
    struct recommend_scratch *scratch = &model->scratch;
    const struct recommend_item *item = recommend_item_at(model, number);
    uint64_t work = 1;
    scratch->touched_count = 0;
    for (uint32_t i = 0; i < item->count; i++) {
        const struct recommend_user *user = recommend_user_at(model, item->raters[i]);
        add_products(model, number, user);
        work += recommend_counting(user)->count;
    }
    work += scratch->touched_count;
    enum status status = compare_with_touched(model, number);
    for (uint32_t i = 0; i < scratch->touched_count; i++) {
        scratch->sums[scratch->touched[i]] = 0;
    }
    *ret_work = work;
    return status;
}

/* Marked as not waiting before it is computed, so that who waits for it may tell it. */
static uint32_t take_waiting(struct recommend_model *model)
{
    pthread_mutex_lock(&model->lock);
    uint32_t item = model->queue[model->queue_first];
    model->queue_first = (model->queue_first + 1) % model->queue_capacity;
    model->queue_count--;
    model->unpublished++;
    pthread_mutex_unlock(&model->lock);
    recommend_item_at(model, item)->waiting = false;
    recommend_item_at(model, item)->changed = 0;
    recommend_item_at(model, item)->computed = model->changes;
    return item;
}

void recommend_publish(struct recommend_model *model)
{
    struct recommend_lists *before = model->draft != NULL ? model->published : NULL;
    pthread_mutex_lock(&model->lock);
    if (model->draft != NULL) {
        model->published = model->draft;
    }
    model->unpublished = 0;
    pthread_mutex_unlock(&model->lock);
    model->draft = NULL;
    recommend_lists_release(before);
}

enum status recommend_refresh(struct recommend_model *model, uint64_t work_max)
{
    uint64_t work = 0;
    enum status status = reserve_scratch(model) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
    while (status == STATUS_OK && model->counted_in < model->user_ids.count && work < work_max) {
        work += recommend_user_at(model, model->counted_in)->votes.count;
        status = recommend_count_in(model, model->counted_in);
    }
    while (status == STATUS_OK && model->queue_count > 0 && work < work_max) {
        uint64_t more;
        uint32_t item = take_waiting(model);
        status = compute(model, item, &more);
        work += more;
        if (status != STATUS_OK) {
            pthread_mutex_lock(&model->lock);
            recommend_wait(model, item);
            pthread_mutex_unlock(&model->lock);
        }
    }
    recommend_publish(model);
    return status;
}
