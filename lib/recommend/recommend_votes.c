/* The votes of a user, and who voted on an item. */
#include <stdlib.h>

#include "recommend/recommend_private.h"

enum { CAPACITY_MIN = 4 };

static uint32_t grown(uint32_t capacity)
{
    return capacity < CAPACITY_MIN ? CAPACITY_MIN : capacity + capacity / 2;
}

uint32_t recommend_votes_find(const struct recommend_votes *votes, uint32_t item)
{
    uint32_t low = 0;
    uint32_t high = votes->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (votes->items[middle] < item) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool recommend_votes_have(const struct recommend_votes *votes, uint32_t item)
{
    uint32_t at = recommend_votes_find(votes, item);
    return at < votes->count && votes->items[at] == item;
}

bool recommend_votes_reserve(struct recommend_votes *votes, uint32_t more)
{
    uint32_t wanted = votes->count + more;
    if (wanted <= votes->capacity) {
        return true;
    }
    uint32_t capacity = grown(votes->capacity);
    capacity = capacity < wanted ? wanted : capacity;
    uint32_t *items = realloc(votes->items, capacity * sizeof(*items));
    if (items == NULL) {
        return false;
    }
    votes->items = items;
    uint8_t *values = realloc(votes->values, capacity);
    if (values == NULL) {
        return false;
    }
    votes->values = values;
    votes->capacity = capacity;
    return true;
}

bool recommend_item_reserve(struct recommend_item *item)
{
    if (item->count < item->capacity) {
        return true;
    }
    uint32_t capacity = grown(item->capacity);
    uint32_t *raters = realloc(item->raters, capacity * sizeof(*raters));
    if (raters == NULL) {
        return false;
    }
    item->raters = raters;
    item->capacity = capacity;
    return true;
}

void recommend_votes_insert(struct recommend_votes *votes, uint32_t at, uint32_t item,
                            uint8_t value)
{
    uint32_t behind = votes->count - at;
    CHECK(votes->count < votes->capacity);
    memmove(votes->items + at + 1, votes->items + at, behind * sizeof(*votes->items));
    memmove(votes->values + at + 1, votes->values + at, behind);
    votes->items[at] = item;
    votes->values[at] = value;
    votes->count++;
}

void recommend_votes_remove(struct recommend_votes *votes, uint32_t at)
{
    uint32_t behind = votes->count - at - 1;
    memmove(votes->items + at, votes->items + at + 1, behind * sizeof(*votes->items));
    memmove(votes->values + at, votes->values + at + 1, behind);
    votes->count--;
}

void recommend_votes_deinit(struct recommend_votes *votes)
{
    free(votes->items);
    free(votes->values);
    *votes = (struct recommend_votes){.items = NULL};
}

void recommend_item_insert(struct recommend_item *item, uint32_t user)
{
    CHECK(item->count < item->capacity);
    item->raters[item->count++] = user;
}

void recommend_item_remove(struct recommend_item *item, uint32_t user)
{
    uint32_t at = 0;
    while (item->raters[at] != user) {
        at++;
        CHECK(at < item->count);
    }
    item->raters[at] = item->raters[--item->count];
}

void recommend_wait(struct recommend_model *model, uint32_t item)
{
    struct recommend_item *waiting = recommend_item_at(model, item);
    if (!waiting->waiting) {
        CHECK(model->queue_count < model->queue_capacity);
        waiting->waiting = true;
        model->queue[(model->queue_first + model->queue_count) % model->queue_capacity] = item;
        model->queue_count++;
    }
}
