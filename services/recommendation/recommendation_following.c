#include "recommendation/recommendation_following.h"

#include "movie_descriptors.h"
#include "rating.pb-c.h"

enum status recommendation_following_open(struct process *process, struct call *call,
                                          struct vote_feed feed, struct text directory,
                                          struct followed_recommendations **ret_followed)
{
    const struct config *config = process_config(process);
    struct followed_recommendations_options options = {
        .feed = feed,
        .settings = recommend_settings_default(),
        .log = process_log(process),
        .directory = directory,
    };
    options.settings.minimum_co_raters = (uint32_t)config_integer(config, "minimum-co-raters");
    options.settings.shrinkage = (uint32_t)config_integer(config, "similarity-shrinkage");
    enum status status = followed_recommendations_create(call, &options, ret_followed);
    if (status == STATUS_OK) {
        process_add_check(process, "recommendations", followed_recommendations_look, *ret_followed);
        telemetry_add_source(process_telemetry(process), followed_recommendations_write_metrics,
                             *ret_followed);
    }
    return status;
}

enum status recommendation_following_messages(struct call *call, struct proto_pool **ret_pool)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        &list_votes_request__descriptor,
        &list_votes_response__descriptor,
        &list_vote_changes_request__descriptor,
        &list_vote_changes_response__descriptor,
    };
    const struct proto_descriptor_set set = movie_descriptor_set();
    enum status status = proto_pool_create(&set, 1, types, ARRAY_LENGTH(types), ret_pool);
    return status == STATUS_OK ? status : call_fail(call, status, "the messages cannot be set up");
}
