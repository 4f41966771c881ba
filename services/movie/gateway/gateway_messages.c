#include "movie/gateway/gateway_messages.h"

#include "metadata.pb-c.h"
#include "movie_descriptors.h"
#include "rating.pb-c.h"
#include "recommendation.pb-c.h"
#include "review.pb-c.h"

enum status gateway_messages_create(struct call *call, struct proto_pool **ret_pool)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        &get_metadata_request__descriptor,
        &get_metadata_response__descriptor,
        &get_aggregated_rating_request__descriptor,
        &get_aggregated_rating_response__descriptor,
        &batch_get_metadata_request__descriptor,
        &batch_get_metadata_response__descriptor,
        &list_metadata_request__descriptor,
        &list_metadata_response__descriptor,
        &list_metadata_changes_request__descriptor,
        &list_metadata_changes_response__descriptor,
        &list_aggregates_request__descriptor,
        &list_aggregates_response__descriptor,
        &list_aggregate_changes_request__descriptor,
        &list_aggregate_changes_response__descriptor,
        &match_metadata_request__descriptor,
        &match_metadata_response__descriptor,
        &batch_put_ratings_request__descriptor,
        &batch_put_ratings_response__descriptor,
        &search_metadata_request__descriptor,
        &search_metadata_response__descriptor,
        &batch_get_aggregated_ratings_request__descriptor,
        &batch_get_aggregated_ratings_response__descriptor,
        &get_rating_summary_request__descriptor,
        &get_rating_summary_response__descriptor,
        &get_rating_request__descriptor,
        &get_rating_response__descriptor,
        &put_rating_request__descriptor,
        &put_rating_response__descriptor,
        &delete_rating_request__descriptor,
        &delete_rating_response__descriptor,
        &list_user_ratings_request__descriptor,
        &list_user_ratings_response__descriptor,
        &put_review_request__descriptor,
        &put_review_response__descriptor,
        &delete_review_request__descriptor,
        &delete_review_response__descriptor,
        &get_review_request__descriptor,
        &get_review_response__descriptor,
        &list_reviews_request__descriptor,
        &list_reviews_response__descriptor,
        &list_user_reviews_request__descriptor,
        &list_user_reviews_response__descriptor,
        &put_like_request__descriptor,
        &put_like_response__descriptor,
        &delete_like_request__descriptor,
        &delete_like_response__descriptor,
        &put_review_like_request__descriptor,
        &put_review_like_response__descriptor,
        &delete_review_like_request__descriptor,
        &delete_review_like_response__descriptor,
        &get_reactions_request__descriptor,
        &get_reactions_response__descriptor,
        &list_similar_request__descriptor,
        &list_similar_response__descriptor,
        &list_recommended_request__descriptor,
        &list_recommended_response__descriptor,
    };
    const struct proto_descriptor_set set = movie_descriptor_set();
    enum status status = proto_pool_create(&set, 1, types, ARRAY_LENGTH(types), ret_pool);
    return status == STATUS_OK ? status : call_fail(call, status, "the messages cannot be set up");
}
