/* A change of one vote, and which items it reaches. */
#include <stdlib.h>

#include "recommend/recommend_private.h"

enum { QUEUE_MIN = 1024 };

/* What a change makes of a user. */
struct revision {
    struct recommend_user *user;
    uint32_t user_number;
    uint32_t item;
    bool exists;
    bool removes;
    uint8_t before; /* of one that exists */
    uint8_t value;
    uint32_t sum;
    uint8_t mean;
    uint8_t sample_bits;
};

static bool is_id(struct text text)
{
    return text.length > 0 && text.length <= RECOMMEND_ID_BYTES_MAX;
}

static bool sampled(const struct recommend_model *model, const struct recommend_user *user,
                    uint32_t item, unsigned bits)
{
    return recommend_sampled(user->hash, recommend_item_at(model, item)->hash, bits);
}

/* Notes a change of one of the item's votes. */
static void reach(struct recommend_model *model, uint32_t number)
{
    struct recommend_item *item = recommend_item_at(model, number);
    uint32_t share = model->settings.changes_share;
    item->changed++;
    if (share == 0 || (uint64_t)item->changed * share >= item->count) {
        recommend_wait(model, number);
    }
}

static void add_norm(struct recommend_model *model, const struct recommend_user *user,
                     uint32_t number, uint8_t value, bool more)
{
    struct recommend_item *item = recommend_item_at(model, number);
    int32_t centred = (int32_t)value - user->mean;
    uint64_t square = (uint64_t)(centred * centred);
    item->norm += more ? square : -square;
    reach(model, number);
}

static void add_norms(struct recommend_model *model, const struct recommend_user *user, bool more)
{
    const struct recommend_votes *counting = recommend_counting(user);
    for (uint32_t i = 0; i < counting->count; i++) {
        add_norm(model, user, counting->items[i], counting->values[i], more);
    }
}

/* Has the votes count that will, and tells their items. */
static void resample(struct recommend_model *model, const struct revision *revision)
{
    struct recommend_user *user = revision->user;
    const struct recommend_votes *votes = &user->votes;
    user->sample.count = 0;
    for (uint32_t i = 0; i < votes->count; i++) {
        bool was = user->is_counted_in && sampled(model, user, votes->items[i], user->sample_bits);
        bool will = sampled(model, user, votes->items[i], revision->sample_bits);
        struct recommend_item *item = recommend_item_at(model, votes->items[i]);
        if (was && !will) {
            recommend_item_remove(item, revision->user_number);
        } else if (will && !was) {
            recommend_item_insert(item, revision->user_number);
        }
        if (will && revision->sample_bits > 0) {
            recommend_votes_insert(&user->sample, user->sample.count, votes->items[i],
                                   votes->values[i]);
        }
    }
    if (revision->sample_bits == 0) {
        recommend_votes_deinit(&user->sample);
    }
    user->sample_bits = revision->sample_bits;
}

static bool reserve_sample(struct recommend_model *model, const struct revision *revision)
{
    struct recommend_user *user = revision->user;
    uint32_t count = 0;
    for (uint32_t i = 0; i < user->votes.count; i++) {
        struct recommend_item *item = recommend_item_at(model, user->votes.items[i]);
        if (recommend_sampled(user->hash, item->hash, revision->sample_bits)) {
            count++;
            if (!recommend_item_reserve(item)) {
                return false;
            }
        }
    }
    return revision->sample_bits == 0 || count < user->sample.count ||
           recommend_votes_reserve(&user->sample, count - user->sample.count + 1);
}

/* Room for whatever the revision adds, so that it cannot fail half way. */
static bool reserve(struct recommend_model *model, const struct revision *revision)
{
    struct recommend_user *user = revision->user;
    if (!revision->exists && !recommend_votes_reserve(&user->votes, 1)) {
        return false;
    }
    if (!revision->exists && user->is_counted_in &&
        !(recommend_votes_reserve(&user->sample, user->sample_bits > 0) &&
          recommend_item_reserve(recommend_item_at(model, revision->item)))) {
        return false;
    }
    return revision->sample_bits == user->sample_bits || reserve_sample(model, revision);
}

static void change_votes(struct recommend_votes *votes, const struct revision *revision)
{
    uint32_t at = recommend_votes_find(votes, revision->item);
    if (revision->removes) {
        recommend_votes_remove(votes, at);
    } else if (revision->exists) {
        votes->values[at] = revision->value;
    } else {
        recommend_votes_insert(votes, at, revision->item, revision->value);
    }
}

static void change_item(struct recommend_model *model, const struct revision *revision, bool counts)
{
    struct recommend_item *item = recommend_item_at(model, revision->item);
    if (revision->removes) {
        item->votes--;
        model->votes--;
        if (counts) {
            recommend_item_remove(item, revision->user_number);
        }
    } else if (!revision->exists) {
        item->votes++;
        model->votes++;
        if (counts) {
            recommend_item_insert(item, revision->user_number);
        }
    }
}

/* Of a user who is not counted in, votes alone. */
static void keep(struct recommend_model *model, const struct revision *revision)
{
    change_votes(&revision->user->votes, revision);
    change_item(model, revision, false);
    revision->user->sum = revision->sum;
}

/* A vote that goes, a mean or a sample that moves reaches all the user's items; else it is one. */
static void carry_out(struct recommend_model *model, const struct revision *revision)
{
    struct recommend_user *user = revision->user;
    bool resamples = revision->sample_bits != user->sample_bits;
    bool all = revision->removes || resamples || revision->mean != user->mean;
    model->changes++;
    if (all) {
        add_norms(model, user, false);
    } else if (revision->exists && sampled(model, user, revision->item, revision->sample_bits)) {
        add_norm(model, user, revision->item, revision->before, false);
    }
    if (resamples) {
        resample(model, revision);
    }
    bool counts = sampled(model, user, revision->item, user->sample_bits);
    change_votes(&user->votes, revision);
    if (counts && user->sample_bits > 0) {
        change_votes(&user->sample, revision);
    }
    change_item(model, revision, counts);
    user->sum = revision->sum;
    user->mean = revision->mean;
    if (all) {
        add_norms(model, user, true);
    } else if (counts) {
        add_norm(model, user, revision->item, revision->value, true);
    }
}

static uint8_t rounded_mean(uint32_t sum, uint32_t count)
{
    return (uint8_t)(count > 0 ? (2 * sum + count) / (2 * count) : 0);
}

static uint8_t bits_for(const struct recommend_model *model, uint32_t count)
{
    uint8_t bits = 0;
    while (count >> bits > model->settings.user_votes_max) {
        bits++;
    }
    return bits;
}

static void foresee(const struct recommend_model *model, struct revision *revision)
{
    const struct recommend_user *user = revision->user;
    uint32_t count = user->votes.count + (revision->removes ? -1U : revision->exists ? 0 : 1);
    revision->sum = user->sum - revision->before + revision->value;
    if (user->is_counted_in) {
        revision->mean = rounded_mean(revision->sum, count);
        revision->sample_bits = bits_for(model, count);
    }
}

static enum status revise(struct recommend_model *model, uint32_t user_number, uint32_t item,
                          const struct recommend_change *change)
{
    struct recommend_user *user = recommend_user_at(model, user_number);
    struct revision revision = {
        .user = user,
        .user_number = user_number,
        .item = item,
        .exists = recommend_votes_have(&user->votes, item),
        .removes = change->removed,
        .value = change->removed ? 0
                                 : (uint8_t)((change->hundredths + RECOMMEND_TWENTIETH / 2) /
                                             RECOMMEND_TWENTIETH),
    };
    if (revision.exists) {
        revision.before = user->votes.values[recommend_votes_find(&user->votes, item)];
    }
    if (revision.removes ? !revision.exists
                         : revision.exists && revision.before == revision.value) {
        return STATUS_OK;
    }
    foresee(model, &revision);
    pthread_mutex_lock(&model->lock);
    bool done = reserve(model, &revision);
    if (done && user->is_counted_in) {
        carry_out(model, &revision);
    } else if (done) {
        keep(model, &revision);
    }
    pthread_mutex_unlock(&model->lock);
    return done ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

enum status recommend_count_in(struct recommend_model *model, uint32_t user_number)
{
    struct recommend_user *user = recommend_user_at(model, user_number);
    struct revision revision = {.user = user,
                                .user_number = user_number,
                                .sum = user->sum,
                                .mean = rounded_mean(user->sum, user->votes.count),
                                .sample_bits = bits_for(model, user->votes.count)};
    pthread_mutex_lock(&model->lock);
    bool done = reserve_sample(model, &revision);
    if (done) {
        user->mean = revision.mean;
        resample(model, &revision);
        add_norms(model, user, true);
        user->is_counted_in = true;
        model->changes++;
        model->counted_in++;
    }
    pthread_mutex_unlock(&model->lock);
    return done ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

bool recommend_reserve_queue(struct recommend_model *model)
{
    if (model->item_ids.count < model->queue_capacity) {
        return true;
    }
    uint32_t capacity = model->queue_capacity == 0 ? QUEUE_MIN : model->queue_capacity * 2;
    uint32_t *queue = malloc(capacity * sizeof(*queue));
    if (queue == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < model->queue_count; i++) {
        queue[i] = model->queue[(model->queue_first + i) % model->queue_capacity];
    }
    free(model->queue);
    model->queue = queue;
    model->queue_capacity = capacity;
    model->queue_first = 0;
    return true;
}

/* Zeroed, with its page. */
static bool make_user(struct recommend_model *model, uint32_t number, struct text id)
{
    struct recommend_user **page = &model->users[number / RECOMMEND_PAGE];
    if (*page == NULL) {
        *page = calloc(RECOMMEND_PAGE, sizeof(**page));
    }
    if (*page != NULL) {
        recommend_user_at(model, number)->hash = (uint32_t)text_hash(id);
    }
    return *page != NULL;
}

static bool make_item(struct recommend_model *model, uint32_t number, struct text id)
{
    struct recommend_item **page = &model->items[number / RECOMMEND_PAGE];
    if (*page == NULL) {
        *page = calloc(RECOMMEND_PAGE, sizeof(**page));
    }
    if (*page != NULL) {
        recommend_item_at(model, number)->hash = (uint32_t)text_hash(id);
    }
    return *page != NULL;
}

static enum status number_of(struct recommend_model *model, struct recommend_ids *ids,
                             bool (*make)(struct recommend_model *, uint32_t, struct text),
                             struct text id, uint32_t *ret_number)
{
    struct recommend_ids_growth growth;
    *ret_number = recommend_ids_find(ids, id);
    if (*ret_number != RECOMMEND_ID_NONE) {
        return STATUS_OK;
    }
    enum status status = recommend_ids_prepare(ids, &growth);
    if (status != STATUS_OK) {
        return status;
    }
    pthread_mutex_lock(&model->lock);
    recommend_ids_adopt(ids, &growth);
    status = make(model, ids->count, id) ? recommend_ids_add(ids, id, ret_number)
                                         : STATUS_RESOURCE_EXHAUSTED;
    pthread_mutex_unlock(&model->lock);
    recommend_ids_discard(&growth);
    return status;
}

enum status recommend_user_number(struct recommend_model *model, struct text id,
                                  uint32_t *ret_number)
{
    return number_of(model, &model->user_ids, make_user, id, ret_number);
}

enum status recommend_item_number(struct recommend_model *model, struct text id,
                                  uint32_t *ret_number)
{
    return number_of(model, &model->item_ids, make_item, id, ret_number);
}

enum status recommend_apply(struct recommend_model *model, const struct recommend_change *change)
{
    uint32_t user;
    uint32_t item;
    if (!is_id(change->user) || !is_id(change->item) ||
        (!change->removed &&
         (change->hundredths < 0 || change->hundredths > RECOMMEND_HUNDREDTHS_MAX))) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (change->removed) {
        user = recommend_ids_find(&model->user_ids, change->user);
        item = recommend_ids_find(&model->item_ids, change->item);
        return user == RECOMMEND_ID_NONE || item == RECOMMEND_ID_NONE
                   ? STATUS_OK
                   : revise(model, user, item, change);
    }
    if (!recommend_reserve_queue(model)) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = recommend_user_number(model, change->user, &user);
    if (status == STATUS_OK) {
        status = recommend_item_number(model, change->item, &item);
    }
    return status == STATUS_OK ? revise(model, user, item, change) : status;
}
