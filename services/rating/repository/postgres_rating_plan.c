/* What one transaction does: the changes of all its jobs, grouped by vote and by record. */
#include <endian.h>
#include <stdlib.h>

#include "rating/repository/postgres_rating_private.h"

/* Sorting: most steps compare eight bytes as a number, behind what all keys have in common. */

static size_t common_bytes(const struct postgres_rating_plan *plan)
{
    struct text first = plan->items[0].key;
    size_t common = first.length;
    for (size_t i = 1; i < plan->item_count && common > 0; i++) {
        struct text key = plan->items[i].key;
        size_t at = 0;
        common = key.length < common ? key.length : common;
        while (at < common && key.data[at] == first.data[at]) {
            at++;
        }
        common = at;
    }
    return common;
}

static uint64_t chunk_at(struct text key, size_t depth)
{
    struct text rest = text_slice(key, depth, depth + sizeof(uint64_t));
    uint64_t chunk = 0;
    if (rest.length > 0) {
        memcpy(&chunk, rest.data, rest.length);
    }
    return be64toh(chunk);
}

static int compare_orders(const void *left, const void *right, void *argument)
{
    const struct postgres_rating_order *a = left;
    const struct postgres_rating_order *b = right;
    const struct postgres_rating_plan *plan = argument;
    if (a->chunk != b->chunk) {
        return a->chunk < b->chunk ? -1 : 1;
    }
    int order = text_compare(plan->items[a->item].key, plan->items[b->item].key);
    return order != 0 ? order : (a->item > b->item) - (a->item < b->item);
}

static void sort_items(struct postgres_rating_plan *plan)
{
    size_t common = plan->item_count > 0 ? common_bytes(plan) : 0;
    for (size_t i = 0; i < plan->item_count; i++) {
        plan->order[i] = (struct postgres_rating_order){
            .chunk = chunk_at(plan->items[i].key, common), .item = (uint32_t)i};
    }
    qsort_r(plan->order, plan->item_count, sizeof(plan->order[0]), compare_orders, plan);
}

static struct postgres_rating_item *item_at(const struct postgres_rating_plan *plan, size_t place)
{
    return &plan->items[plan->order[place].item];
}

static void group_items(struct postgres_rating_plan *plan)
{
    for (size_t i = 0; i < plan->item_count; i++) {
        const struct postgres_rating_item *item = item_at(plan, i);
        if (i == 0 || !text_equal(item_at(plan, i - 1)->key, item->key)) {
            struct record_key record = item->change->key.record;
            if (plan->record_count == 0 ||
                !record_key_equal(plan->records[plan->record_count - 1].key, record)) {
                plan->records[plan->record_count++].key = record;
            }
            plan->votes[plan->vote_count++] = (struct postgres_rating_vote){
                .first = (uint32_t)i, .record = (uint32_t)plan->record_count - 1};
        }
        plan->votes[plan->vote_count - 1].end = (uint32_t)i + 1;
    }
}

/* Event ids */

static int compare_events(const void *left, const void *right, void *argument)
{
    const struct postgres_rating_plan *plan = argument;
    const uint32_t a = *(const uint32_t *)left;
    const uint32_t b = *(const uint32_t *)right;
    const struct rating_change *one = plan->items[a].change;
    const struct rating_change *other = plan->items[b].change;
    int order = text_compare(one->key.provider, other->key.provider);
    order = order != 0 ? order : text_compare(one->event_id, other->event_id);
    return order != 0 ? order : (a > b) - (a < b);
}

bool postgres_rating_plan_same_event(const struct postgres_rating_plan *plan, size_t a, size_t b)
{
    const struct rating_change *one = plan->items[plan->events[a]].change;
    const struct rating_change *other = plan->items[plan->events[b]].change;
    return text_equal(one->key.provider, other->key.provider) &&
           text_equal(one->event_id, other->event_id);
}

/* Dead letters */

static int compare_letters(const void *left, const void *right)
{
    const struct postgres_rating_letter *a = left;
    const struct postgres_rating_letter *b = right;
    int order = text_compare(a->key.topic, b->key.topic);
    if (order != 0) {
        return order;
    }
    if (a->key.partition != b->key.partition) {
        return a->key.partition < b->key.partition ? -1 : 1;
    }
    if (a->key.offset != b->key.offset) {
        return a->key.offset < b->key.offset ? -1 : 1;
    }
    return (a->order > b->order) - (a->order < b->order);
}

static bool same_letter(const struct postgres_rating_letter *a,
                        const struct postgres_rating_letter *b)
{
    return text_equal(a->key.topic, b->key.topic) && a->key.partition == b->key.partition &&
           a->key.offset == b->key.offset;
}

static void add_letter(struct postgres_rating_plan *plan, struct rating_dead_letter_key key,
                       const struct rating_dead_letter *put)
{
    size_t order = plan->letter_count++;
    plan->letters[order] = (struct postgres_rating_letter){.key = key, .put = put, .order = order};
}

static void collect_letters(struct postgres_rating_plan *plan)
{
    for (size_t i = 0; i < plan->job_count; i++) {
        const struct rating_batch *batch = &plan->jobs[i]->batch;
        for (size_t k = 0; k < batch->settled_count; k++) {
            add_letter(plan, batch->settled[k], NULL);
        }
        for (size_t k = 0; k < batch->dead_letter_count; k++) {
            const struct rating_dead_letter *letter = &batch->dead_letters[k];
            add_letter(
                plan,
                (struct rating_dead_letter_key){letter->topic, letter->partition, letter->offset},
                letter);
        }
    }
}

/* Of one key, the last stays. */
static void settle_letters(struct postgres_rating_plan *plan)
{
    size_t kept = 0;
    qsort(plan->letters, plan->letter_count, sizeof(plan->letters[0]), compare_letters);
    for (size_t i = 0; i < plan->letter_count; i++) {
        if (kept > 0 && same_letter(&plan->letters[kept - 1], &plan->letters[i])) {
            kept--;
        }
        plan->letters[kept++] = plan->letters[i];
    }
    plan->letter_count = kept;
}

/* The life of a plan */

static void collect_items(struct postgres_rating_plan *plan)
{
    size_t at = 0;
    for (size_t i = 0; i < plan->job_count; i++) {
        const struct postgres_rating_job *job = plan->jobs[i];
        for (size_t k = 0; k < job->batch.change_count; k++, at++) {
            plan->items[at] = (struct postgres_rating_item){
                .change = &job->batch.changes[k], .job = job, .key = job->keys[k]};
            if (job->batch.changes[k].event_id.length > 0) {
                plan->events[plan->event_count++] = (uint32_t)at;
            }
        }
    }
}

bool postgres_rating_plan_init(struct postgres_rating_plan *plan, struct postgres_rating_job **jobs,
                               size_t job_count)
{
    size_t letters = 0;
    *plan = (struct postgres_rating_plan){.jobs = jobs, .job_count = job_count};
    for (size_t i = 0; i < job_count; i++) {
        plan->item_count += jobs[i]->batch.change_count;
        letters += jobs[i]->batch.settled_count + jobs[i]->batch.dead_letter_count;
    }
    size_t room = plan->item_count + 1; /* never none, so that NULL says one thing */
    plan->items = calloc(room, sizeof(*plan->items));
    plan->order = calloc(room, sizeof(*plan->order));
    plan->votes = calloc(room, sizeof(*plan->votes));
    plan->records = calloc(room, sizeof(*plan->records));
    plan->events = calloc(room, sizeof(*plan->events));
    plan->letters = calloc(letters + 1, sizeof(*plan->letters));
    if (plan->items == NULL || plan->order == NULL || plan->votes == NULL ||
        plan->records == NULL || plan->events == NULL || plan->letters == NULL) {
        return false;
    }
    collect_items(plan);
    sort_items(plan);
    group_items(plan);
    qsort_r(plan->events, plan->event_count, sizeof(plan->events[0]), compare_events, plan);
    collect_letters(plan);
    settle_letters(plan);
    return true;
}

void postgres_rating_plan_deinit(struct postgres_rating_plan *plan)
{
    free(plan->items);
    free(plan->order);
    free(plan->votes);
    free(plan->records);
    free(plan->events);
    free(plan->letters);
}

/* Folding */

static bool holds(const struct rating_aggregate *aggregate, int32_t hundredths)
{
    return aggregate->count > 0 && aggregate->histogram[rating_bin(hundredths)] > 0 &&
           aggregate->sum_hundredths >= (uint64_t)hundredths;
}

/* false: the aggregate does not hold the vote that stands, so the store is damaged. */
static bool fold_aggregate(struct postgres_rating_record *record, const struct vote_state *before,
                           const struct vote_state *after)
{
    bool counted = vote_state_counts(before);
    bool counts = vote_state_counts(after);
    if (counted == counts && (!counts || before->hundredths == after->hundredths)) {
        return true;
    }
    if (counted && !holds(&record->aggregate, before->hundredths)) {
        return false;
    }
    if (counted) {
        rating_aggregate_subtract(&record->aggregate, before->hundredths);
    }
    if (counts) {
        rating_aggregate_add(&record->aggregate, after->hundredths);
    }
    record->changed = true;
    return true;
}

bool postgres_rating_plan_fold(struct postgres_rating_plan *plan)
{
    bool whole = true;
    for (size_t i = 0; i < plan->vote_count; i++) {
        struct postgres_rating_vote *vote = &plan->votes[i];
        vote->after = vote->before;
        for (size_t place = vote->first; place < vote->end; place++) {
            struct postgres_rating_item *item = item_at(plan, place);
            if (item->outcome != RATING_DUPLICATE) {
                item->outcome = vote_state_change(&vote->after, item->change, item->job->now_ms);
            }
            item->hundredths = vote->after.hundredths;
            item->time_ms = vote->after.time_ms;
        }
        whole = fold_aggregate(&plan->records[vote->record], &vote->before, &vote->after) && whole;
    }
    return whole;
}
