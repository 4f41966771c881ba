#include "recommend/recommend_model.h"

#include <stdlib.h>

#include "recommend/recommend_private.h"

struct recommend_settings recommend_settings_default(void)
{
    return (struct recommend_settings){
        .minimum_co_raters = RECOMMEND_CO_RATERS_DEFAULT,
        .shrinkage = RECOMMEND_SHRINKAGE_DEFAULT,
        .neighbours = RECOMMEND_NEIGHBOURS_MAX,
        .user_votes_max = RECOMMEND_USER_VOTES_MAX,
        .changes_share = RECOMMEND_CHANGES_SHARE_DEFAULT,
    };
}

enum status recommend_model_create(const struct recommend_settings *settings,
                                   struct recommend_model **ret_model)
{
    CHECK(settings->minimum_co_raters > 0 && settings->neighbours > 0 &&
          settings->neighbours <= RECOMMEND_NEIGHBOURS_MAX && settings->user_votes_max > 0 &&
          settings->user_votes_max <= RECOMMEND_USER_VOTES_MAX);
    struct recommend_model *model = calloc(1, sizeof(*model));
    if (model == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    model->published = recommend_lists_create();
    if (model->published == NULL) {
        free(model);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    model->settings = *settings;
    pthread_mutex_init(&model->lock, NULL);
    recommend_ids_init(&model->user_ids, RECOMMEND_USERS_MAX);
    recommend_ids_init(&model->item_ids, RECOMMEND_ITEMS_MAX);
    *ret_model = model;
    return STATUS_OK;
}

void recommend_model_destroy(struct recommend_model *model)
{
    if (model == NULL) {
        return;
    }
    for (uint32_t i = 0; i < model->user_ids.count; i++) {
        recommend_votes_deinit(&recommend_user_at(model, i)->votes);
        recommend_votes_deinit(&recommend_user_at(model, i)->sample);
    }
    for (uint32_t i = 0; i < model->item_ids.count; i++) {
        free(recommend_item_at(model, i)->raters);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(model->users); i++) {
        free(model->users[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(model->items); i++) {
        free(model->items[i]);
    }
    recommend_lists_release(model->draft);
    recommend_lists_release(model->published);
    recommend_ids_deinit(&model->user_ids);
    recommend_ids_deinit(&model->item_ids);
    pthread_mutex_destroy(&model->lock);
    free(model->queue);
    free(model->scratch.sums);
    free(model->scratch.touched);
    free(model);
}

struct recommend_counts recommend_model_counts(struct recommend_model *model)
{
    pthread_mutex_lock(&model->lock);
    struct recommend_counts counts = {
        .votes = model->votes,
        .users = model->user_ids.count,
        .items = model->item_ids.count,
        .waiting =
            model->queue_count + model->unpublished + (model->user_ids.count - model->counted_in),
    };
    pthread_mutex_unlock(&model->lock);
    return counts;
}
