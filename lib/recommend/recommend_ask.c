/* Questions. */
#include <stdlib.h>

#include "recommend/recommend_private.h"

/* What the liked items say of another. */
struct candidate {
    uint32_t item; /* + 1; 0: free */
    float score;
    float most; /* the largest part of the score */
    uint32_t because_of;
    float alike; /* sums over all voted items, the liked and the others */
    float alike_by_value;
};

struct profile {
    struct recommend_lists *lists;
    struct recommend_votes votes;    /* all of the user's, without values */
    struct recommend_votes counting; /* that count between items */
    uint8_t mean;
    struct candidate *candidates; /* by hash */
    uint32_t slot_count;
};

static enum status result_texts(const struct recommend_model *model, struct arena *arena,
                                uint32_t item, uint32_t because_of, struct recommend_result *result)
{
    result->item = arena_copy(arena, recommend_ids_text(&model->item_ids, item));
    if (because_of != RECOMMEND_ID_NONE) {
        result->because_of = arena_copy(arena, recommend_ids_text(&model->item_ids, because_of));
    }
    return result->item.data != NULL && (because_of == RECOMMEND_ID_NONE || result->because_of.data)
               ? STATUS_OK
               : STATUS_RESOURCE_EXHAUSTED;
}

enum status recommend_similar(struct recommend_model *model, struct arena *arena, struct text item,
                              size_t limit, struct recommend_answer *ret_answer)
{
    CHECK(limit > 0 && limit <= RECOMMEND_RESULTS_MAX);
    enum status status = STATUS_OK;
    ret_answer->count = 0;
    ret_answer->votes = 0;
    pthread_mutex_lock(&model->lock);
    struct recommend_lists *lists = recommend_lists_hold(model->published);
    uint32_t number = recommend_ids_find(&model->item_ids, item);
    if (number != RECOMMEND_ID_NONE) {
        ret_answer->votes = recommend_item_at(model, number)->votes;
    }
    pthread_mutex_unlock(&model->lock);
    const struct recommend_list *list =
        number != RECOMMEND_ID_NONE ? recommend_lists_get(lists, number) : NULL;
    uint32_t shown = model->settings.neighbours;
    for (uint32_t i = 0; list != NULL && i < list->head.count && i < limit && i < shown; i++) {
        struct recommend_result *result = &ret_answer->results[i];
        *result = (struct recommend_result){.score = list->neighbours[i].similarity};
        status = result_texts(model, arena, list->neighbours[i].item, RECOMMEND_ID_NONE, result);
        if (status != STATUS_OK) {
            break;
        }
        ret_answer->count++;
    }
    recommend_lists_release(lists);
    return status;
}

/* Copies the user's votes. Under the lock. */
static enum status copy_votes(struct arena *arena, const struct recommend_user *user,
                              struct profile *profile)
{
    const struct recommend_votes *counting = recommend_counting(user);
    size_t bytes = user->votes.count * sizeof(uint32_t);
    size_t counting_bytes = counting->count * sizeof(uint32_t);
    profile->votes.items = arena_alloc(arena, bytes + 1);
    profile->counting.items = arena_alloc(arena, counting_bytes + 1);
    profile->counting.values = arena_alloc(arena, counting->count + 1U);
    if (profile->votes.items == NULL || profile->counting.items == NULL ||
        profile->counting.values == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    profile->mean = user->mean;
    profile->votes.count = user->votes.count;
    profile->counting.count = counting->count;
    if (counting->count > 0) {
        memcpy(profile->counting.items, counting->items, counting_bytes);
        memcpy(profile->counting.values, counting->values, counting->count);
    }
    if (user->votes.count > 0) {
        memcpy(profile->votes.items, user->votes.items, bytes);
    }
    return STATUS_OK;
}

static uint32_t shown_count(const struct recommend_model *model, const struct recommend_list *list)
{
    if (list == NULL) {
        return 0;
    }
    return list->head.count < model->settings.neighbours ? list->head.count
                                                         : model->settings.neighbours;
}

static enum status make_slots(const struct recommend_model *model, struct arena *arena,
                              struct profile *profile)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < profile->counting.count; i++) {
        uint32_t item = profile->counting.items[i];
        most += shown_count(model, recommend_lists_get(profile->lists, item));
    }
    profile->slot_count = 16;
    while (profile->slot_count < most + most / 2) {
        profile->slot_count *= 2;
    }
    profile->candidates = arena_calloc(arena, profile->slot_count, sizeof(struct candidate));
    return profile->candidates != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

/* NULL: the user has voted on it. */
static struct candidate *candidate_of(struct profile *profile, uint32_t item)
{
    uint32_t at = (item * 0x9e3779b1U) & (profile->slot_count - 1);
    while (profile->candidates[at].item != 0 && profile->candidates[at].item != item + 1) {
        at = (at + 1) & (profile->slot_count - 1);
    }
    struct candidate *candidate = &profile->candidates[at];
    if (candidate->item == 0) {
        if (recommend_votes_have(&profile->votes, item)) {
            return NULL;
        }
        candidate->item = item + 1;
    }
    return candidate;
}

static void add_neighbours(const struct recommend_model *model, struct profile *profile,
                           uint32_t place)
{
    uint32_t item = profile->counting.items[place];
    const struct recommend_list *list = recommend_lists_get(profile->lists, item);
    uint32_t count = shown_count(model, list);
    float centred = (float)((int32_t)profile->counting.values[place] - profile->mean);
    float all = 0;
    for (uint32_t i = 0; i < count; i++) {
        all += list->neighbours[i].similarity;
    }
    for (uint32_t i = 0; i < count; i++) {
        float alike = list->neighbours[i].similarity;
        struct candidate *candidate = candidate_of(profile, list->neighbours[i].item);
        if (candidate == NULL) {
            continue;
        }
        float part = centred >= 0 ? alike / all : 0;
        candidate->score += part;
        candidate->alike += alike;
        candidate->alike_by_value += alike * centred;
        if (part > candidate->most) {
            candidate->most = part;
            candidate->because_of = item;
        }
    }
}

static bool is_better(const struct candidate *a, const struct candidate *b)
{
    return a->score > b->score || (a->score == b->score && a->item < b->item);
}

/* The best, best first. Returns how many. */
static size_t select_best(const struct profile *profile, size_t limit,
                          const struct candidate *best[static RECOMMEND_RESULTS_MAX])
{
    size_t count = 0;
    for (uint32_t slot = 0; slot < profile->slot_count; slot++) {
        const struct candidate *candidate = &profile->candidates[slot];
        if (candidate->score <= 0 || (count == limit && !is_better(candidate, best[count - 1]))) {
            continue;
        }
        size_t at = count < limit ? count++ : count - 1;
        while (at > 0 && is_better(candidate, best[at - 1])) {
            best[at] = best[at - 1];
            at--;
        }
        best[at] = candidate;
    }
    return count;
}

static int32_t foretold(const struct profile *profile, const struct candidate *candidate)
{
    float twentieths = (float)profile->mean +
                       candidate->alike_by_value / (candidate->alike + RECOMMEND_FORETOLD_DAMPING);
    float hundredths = twentieths * RECOMMEND_TWENTIETH;
    return hundredths <= 0                          ? 0
           : hundredths >= RECOMMEND_HUNDREDTHS_MAX ? RECOMMEND_HUNDREDTHS_MAX
                                                    : (int32_t)(hundredths + 0.5F);
}

static enum status answer_user(const struct recommend_model *model, struct arena *arena,
                               struct profile *profile, size_t limit,
                               struct recommend_answer *answer)
{
    const struct candidate *best[RECOMMEND_RESULTS_MAX];
    enum status status = make_slots(model, arena, profile);
    for (uint32_t i = 0; i < profile->counting.count && status == STATUS_OK; i++) {
        add_neighbours(model, profile, i);
    }
    size_t count = status == STATUS_OK ? select_best(profile, limit, best) : 0;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        answer->results[i] = (struct recommend_result){
            .score = best[i]->score,
            .foretold_hundredths = foretold(profile, best[i]),
        };
        status =
            result_texts(model, arena, best[i]->item - 1, best[i]->because_of, &answer->results[i]);
        answer->count++;
    }
    return status;
}

enum status recommend_to_user(struct recommend_model *model, struct arena *arena, struct text user,
                              size_t limit, struct recommend_answer *ret_answer)
{
    CHECK(limit > 0 && limit <= RECOMMEND_RESULTS_MAX);
    struct profile profile = {.lists = NULL};
    enum status status = STATUS_OK;
    ret_answer->count = 0;
    pthread_mutex_lock(&model->lock);
    profile.lists = recommend_lists_hold(model->published);
    uint32_t number = recommend_ids_find(&model->user_ids, user);
    if (number != RECOMMEND_ID_NONE) {
        status = copy_votes(arena, recommend_user_at(model, number), &profile);
    }
    pthread_mutex_unlock(&model->lock);
    ret_answer->votes = profile.votes.count;
    if (status == STATUS_OK) {
        status = answer_user(model, arena, &profile, limit, ret_answer);
    }
    recommend_lists_release(profile.lists);
    return status;
}
