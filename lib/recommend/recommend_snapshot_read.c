/* Bytes to a model. */
#include <stdlib.h>

#include "recommend/recommend_snapshot.h"
#include "recommend/recommend_snapshot_private.h"

enum { TWENTIETHS_MAX = RECOMMEND_HUNDREDTHS_MAX / RECOMMEND_TWENTIETH };

static bool get(struct recommend_source source, void *bytes, size_t count)
{
    return count == 0 || source.get(source.state, bytes, count);
}

static bool same_settings(const struct recommend_settings *a, const struct recommend_settings *b)
{
    return a->minimum_co_raters == b->minimum_co_raters && a->shrinkage == b->shrinkage &&
           a->neighbours == b->neighbours && a->user_votes_max == b->user_votes_max &&
           a->changes_share == b->changes_share;
}

static enum status read_head(struct recommend_source source,
                             const struct recommend_settings *settings,
                             struct recommend_snapshot_head *ret_head)
{
    if (!get(source, ret_head, sizeof(*ret_head))) {
        return STATUS_DATA_LOSS;
    }
    if (ret_head->mark != RECOMMEND_SNAPSHOT_MARK ||
        ret_head->version != RECOMMEND_SNAPSHOT_VERSION ||
        !same_settings(&ret_head->settings, settings)) {
        return STATUS_FAILED_PRECONDITION;
    }
    return ret_head->items <= RECOMMEND_ITEMS_MAX && ret_head->users <= RECOMMEND_USERS_MAX &&
                   ret_head->counted_in <= ret_head->users
               ? STATUS_OK
               : STATUS_DATA_LOSS;
}

/* Numbers are given in the order in which ids come: one that comes twice has an earlier one. */
static enum status read_id(struct recommend_model *model, struct recommend_source source,
                           enum status (*number_of)(struct recommend_model *, struct text,
                                                    uint32_t *),
                           uint32_t number)
{
    uint8_t length;
    char id[RECOMMEND_ID_BYTES_MAX];
    uint32_t given;
    if (!get(source, &length, 1) || length == 0 || !get(source, id, length)) {
        return STATUS_DATA_LOSS;
    }
    enum status status = number_of(model, text_of_bytes(id, length), &given);
    if (status != STATUS_OK) {
        return status;
    }
    return given == number ? STATUS_OK : STATUS_DATA_LOSS;
}

/* Whether they are on items that there are, each once; and sums them up. */
static bool take_votes(struct recommend_model *model, struct recommend_user *user)
{
    const struct recommend_votes *votes = &user->votes;
    for (uint32_t i = 0; i < votes->count; i++) {
        if (votes->items[i] >= model->item_ids.count || votes->values[i] > TWENTIETHS_MAX ||
            (i > 0 && votes->items[i] <= votes->items[i - 1])) {
            return false;
        }
        user->sum += votes->values[i];
        recommend_item_at(model, votes->items[i])->votes++;
    }
    model->votes += votes->count;
    return true;
}

static enum status read_votes(struct recommend_model *model, struct recommend_source source,
                              struct recommend_user *user)
{
    struct recommend_votes *votes = &user->votes;
    uint32_t count;
    if (!get(source, &count, sizeof(count)) || count > model->item_ids.count) {
        return STATUS_DATA_LOSS;
    }
    if (count > 0 && !recommend_votes_reserve(votes, count)) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (!get(source, votes->items, count * sizeof(*votes->items)) ||
        !get(source, votes->values, count)) {
        return STATUS_DATA_LOSS;
    }
    votes->count = count;
    return take_votes(model, user) ? STATUS_OK : STATUS_DATA_LOSS;
}

/* Room for all who may count, at once: growing step by step would take longer than all the rest. */
static enum status reserve_raters(struct recommend_model *model)
{
    for (uint32_t i = 0; i < model->item_ids.count; i++) {
        struct recommend_item *item = recommend_item_at(model, i);
        if (item->votes > 0) {
            item->raters = malloc(item->votes * sizeof(*item->raters));
            if (item->raters == NULL) {
                return STATUS_RESOURCE_EXHAUSTED;
            }
            item->capacity = item->votes;
        }
    }
    return STATUS_OK;
}

static enum status count_in(struct recommend_model *model, uint32_t users)
{
    enum status status = reserve_raters(model);
    while (status == STATUS_OK && model->counted_in < users) {
        status = recommend_count_in(model, model->counted_in);
    }
    return status;
}

static enum status read_list(struct recommend_model *model, struct recommend_source source,
                             const struct recommend_snapshot_item *stands, uint32_t number)
{
    struct recommend_neighbour neighbours[RECOMMEND_LIST_ROOM];
    const struct recommend_list_head head = {
        .count = stands->count, .cut = stands->cut == 1, .bound = stands->bound};
    if (!get(source, neighbours, stands->count * sizeof(*neighbours))) {
        return STATUS_DATA_LOSS;
    }
    for (uint32_t i = 0; i < stands->count; i++) {
        if (neighbours[i].item >= model->item_ids.count || !(neighbours[i].similarity > 0) ||
            (i > 0 && !recommend_precedes(neighbours[i - 1], neighbours[i]))) {
            return STATUS_DATA_LOSS;
        }
    }
    return head.count == 0 && !head.cut
               ? STATUS_OK
               : recommend_lists_set(model->draft, number, &head, neighbours);
}

static enum status read_item(struct recommend_model *model, struct recommend_source source,
                             uint32_t number)
{
    struct recommend_item *item = recommend_item_at(model, number);
    struct recommend_snapshot_item stands;
    if (!get(source, &stands, sizeof(stands)) || stands.waiting > 1 || stands.cut > 1 ||
        stands.count > RECOMMEND_LIST_ROOM) {
        return STATUS_DATA_LOSS;
    }
    item->changed = stands.changed;
    item->waiting = false;
    if (stands.waiting == 1) {
        recommend_wait(model, number);
    }
    return read_list(model, source, &stands, number);
}

/* What counting in has left waiting is done; what was waiting then is not. */
static enum status read_items(struct recommend_model *model, struct recommend_source source)
{
    model->queue_first = 0;
    model->queue_count = 0;
    model->draft = recommend_lists_copy(model->published, model->queue_capacity);
    enum status status = model->draft != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < model->item_ids.count && status == STATUS_OK; i++) {
        status = read_item(model, source, i);
    }
    return status;
}

static enum status read_model(struct recommend_model *model, struct recommend_source source,
                              const struct recommend_snapshot_head *head)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < head->items && status == STATUS_OK; i++) {
        status = recommend_reserve_queue(model) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
        if (status == STATUS_OK) {
            status = read_id(model, source, recommend_item_number, i);
        }
    }
    for (uint32_t i = 0; i < head->users && status == STATUS_OK; i++) {
        status = read_id(model, source, recommend_user_number, i);
        if (status == STATUS_OK) {
            status = read_votes(model, source, recommend_user_at(model, i));
        }
    }
    if (status == STATUS_OK) {
        status = count_in(model, head->counted_in);
    }
    if (status == STATUS_OK) {
        status = read_items(model, source);
    }
    if (status == STATUS_OK) {
        recommend_publish(model);
    }
    return status;
}

enum status recommend_snapshot_read(const struct recommend_settings *settings,
                                    struct recommend_source source,
                                    struct recommend_model **ret_model)
{
    struct recommend_snapshot_head head;
    struct recommend_model *model;
    enum status status = read_head(source, settings, &head);
    if (status == STATUS_OK) {
        status = recommend_model_create(settings, &model);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = read_model(model, source, &head);
    if (status != STATUS_OK) {
        recommend_model_destroy(model);
        return status;
    }
    *ret_model = model;
    return STATUS_OK;
}
