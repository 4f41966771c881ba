/* A model to bytes. */
#include "recommend/recommend_snapshot.h"
#include "recommend/recommend_snapshot_private.h"

static bool put(struct recommend_sink sink, const void *bytes, size_t count)
{
    return count == 0 || sink.put(sink.state, bytes, count);
}

static bool put_head(struct recommend_sink sink, const struct recommend_model *model)
{
    const struct recommend_snapshot_head head = {
        .mark = RECOMMEND_SNAPSHOT_MARK,
        .version = RECOMMEND_SNAPSHOT_VERSION,
        .settings = model->settings,
        .items = model->item_ids.count,
        .users = model->user_ids.count,
        .counted_in = model->counted_in,
    };
    return put(sink, &head, sizeof(head));
}

static bool put_id(struct recommend_sink sink, const struct recommend_ids *ids, uint32_t number)
{
    struct text id = recommend_ids_text(ids, number);
    uint8_t length = (uint8_t)id.length;
    return put(sink, &length, 1) && put(sink, id.data, id.length);
}

static bool put_user(struct recommend_sink sink, const struct recommend_model *model,
                     uint32_t number)
{
    const struct recommend_votes *votes = &recommend_user_at(model, number)->votes;
    return put_id(sink, &model->user_ids, number) &&
           put(sink, &votes->count, sizeof(votes->count)) &&
           put(sink, votes->items, votes->count * sizeof(*votes->items)) &&
           put(sink, votes->values, votes->count);
}

static bool put_item(struct recommend_sink sink, const struct recommend_model *model,
                     const struct recommend_lists *lists, uint32_t number)
{
    const struct recommend_item *item = recommend_item_at(model, number);
    const struct recommend_list *list = recommend_lists_get(lists, number);
    struct recommend_snapshot_item stands = {.changed = item->changed, .waiting = item->waiting};
    if (list != NULL) {
        stands.count = list->head.count;
        stands.cut = list->head.cut;
        if (list->head.cut) {
            stands.bound = list->head.bound;
        }
    }
    return put(sink, &stands, sizeof(stands)) &&
           (list == NULL ||
            put(sink, list->neighbours, list->head.count * sizeof(*list->neighbours)));
}

enum status recommend_snapshot_write(const struct recommend_model *model,
                                     struct recommend_sink sink)
{
    const struct recommend_lists *lists = model->draft != NULL ? model->draft : model->published;
    bool done = put_head(sink, model);
    for (uint32_t i = 0; i < model->item_ids.count && done; i++) {
        done = put_id(sink, &model->item_ids, i);
    }
    for (uint32_t i = 0; i < model->user_ids.count && done; i++) {
        done = put_user(sink, model, i);
    }
    for (uint32_t i = 0; i < model->item_ids.count && done; i++) {
        done = put_item(sink, model, lists, i);
    }
    return done ? STATUS_OK : STATUS_UNAVAILABLE;
}
