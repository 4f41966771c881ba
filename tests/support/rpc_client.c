#include "support/rpc_client.h"

#include "grpc/grpc_channel.h"
#include "loop/loop.h"
#include "movie_descriptors.h"
#include "proto/proto.h"
#include "support/cmocka_test.h"

enum { ADDRESSES_MAX = 8 };

static const ProtobufCMessageDescriptor *const types[] = {
    &get_metadata_request__descriptor,
    &get_metadata_response__descriptor,
    &put_metadata_request__descriptor,
    &put_metadata_response__descriptor,
    &delete_metadata_request__descriptor,
    &delete_metadata_response__descriptor,
    &list_metadata_request__descriptor,
    &list_metadata_response__descriptor,
    &batch_get_metadata_request__descriptor,
    &batch_get_metadata_response__descriptor,
    &get_aggregated_rating_request__descriptor,
    &get_aggregated_rating_response__descriptor,
    &put_rating_request__descriptor,
    &put_rating_response__descriptor,
    &batch_put_ratings_request__descriptor,
    &batch_put_ratings_response__descriptor,
    &get_rating_request__descriptor,
    &get_rating_response__descriptor,
    &delete_rating_request__descriptor,
    &delete_rating_response__descriptor,
    &get_rating_summary_request__descriptor,
    &get_rating_summary_response__descriptor,
    &list_user_ratings_request__descriptor,
    &list_user_ratings_response__descriptor,
    &list_dead_letters_request__descriptor,
    &list_dead_letters_response__descriptor,
    &discover_movies_request__descriptor,
    &discover_movies_response__descriptor,
    &rate_movie_request__descriptor,
    &rate_movie_response__descriptor,
    &search_movies_request__descriptor,
    &search_movies_response__descriptor,
    &get_movie_details_request__descriptor,
    &get_movie_details_response__descriptor,
};

ProtobufCBinaryData rpc_text(const char *string)
{
    return proto_bytes(text_of(string));
}

void rpc_client_open(struct rpc_client *client, const char *const *addresses)
{
    const struct proto_descriptor_set descriptors = movie_descriptor_set();
    struct text texts[ADDRESSES_MAX];
    size_t count = 0;
    for (; addresses[count] != NULL; count++) {
        assert_true(count < ADDRESSES_MAX);
        texts[count] = text_of(addresses[count]);
    }
    assert_int_equal(proto_pool_create(&descriptors, 1, types, ARRAY_LENGTH(types), &client->pool),
                     STATUS_OK);
    const struct grpc_channel_options options = {.pool = client->pool, .target = "test"};
    assert_int_equal(grpc_channel_create(loop_current(), &options, &client->channel), STATUS_OK);
    assert_int_equal(grpc_channel_update(client->channel, texts, count), STATUS_OK);
}

void rpc_client_open_one(struct rpc_client *client, const char *address)
{
    rpc_client_open(client, (const char *const[]){address, NULL});
}

void rpc_client_close(struct rpc_client *client)
{
    grpc_channel_destroy(client->channel);
    proto_pool_destroy(client->pool);
    *client = (struct rpc_client){.pool = NULL};
}

enum status rpc_client_ask(struct rpc_client *client, struct call *call, const char *path,
                           const void *request, const ProtobufCMessageDescriptor *response_type,
                           void *ret_response)
{
    ProtobufCMessage *response;
    call_clear_error(call);
    enum status status =
        grpc_call_unary(client->channel, call, path, NULL, request, response_type, &response);
    if (status == STATUS_OK && ret_response != NULL) {
        memcpy(ret_response, &response, sizeof(response));
    }
    return status;
}

enum status rpc_client_put_rating(struct rpc_client *client, struct call *call, const char *user,
                                  const char *record, int hundredths)
{
    ExactValue exact = EXACT_VALUE__INIT;
    PutRatingRequest request = PUT_RATING_REQUEST__INIT;
    exact.hundredths = hundredths;
    request.user_id = rpc_text(user);
    request.record_id = rpc_text(record);
    request.record_type = rpc_text("movie");
    request.exact_value = &exact;
    return rpc_client_ask(client, call, "/RatingService/PutRating", &request,
                          &put_rating_response__descriptor, NULL);
}

enum status rpc_client_delete_rating(struct rpc_client *client, struct call *call, const char *user,
                                     const char *record)
{
    DeleteRatingRequest request = DELETE_RATING_REQUEST__INIT;
    request.user_id = rpc_text(user);
    request.record_id = rpc_text(record);
    request.record_type = rpc_text("movie");
    return rpc_client_ask(client, call, "/RatingService/DeleteRating", &request,
                          &delete_rating_response__descriptor, NULL);
}

enum status rpc_client_get_summary(struct rpc_client *client, struct call *call, const char *record,
                                   GetRatingSummaryResponse **ret_summary)
{
    GetRatingSummaryRequest request = GET_RATING_SUMMARY_REQUEST__INIT;
    request.record_id = rpc_text(record);
    request.record_type = rpc_text("movie");
    return rpc_client_ask(client, call, "/RatingService/GetRatingSummary", &request,
                          &get_rating_summary_response__descriptor, ret_summary);
}

enum status rpc_client_get_rating(struct rpc_client *client, struct call *call, const char *user,
                                  const char *record, GetRatingResponse **ret_rating)
{
    GetRatingRequest request = GET_RATING_REQUEST__INIT;
    request.user_id = rpc_text(user);
    request.record_id = rpc_text(record);
    request.record_type = rpc_text("movie");
    return rpc_client_ask(client, call, "/RatingService/GetRating", &request,
                          &get_rating_response__descriptor, ret_rating);
}

enum status rpc_client_put_metadata(struct rpc_client *client, struct call *call, const char *id,
                                    const char *title)
{
    Metadata metadata = METADATA__INIT;
    PutMetadataRequest request = PUT_METADATA_REQUEST__INIT;
    metadata.id = rpc_text(id);
    metadata.title = rpc_text(title);
    request.metadata = &metadata;
    return rpc_client_ask(client, call, "/MetadataService/PutMetadata", &request,
                          &put_metadata_response__descriptor, NULL);
}

enum status rpc_client_get_metadata(struct rpc_client *client, struct call *call, const char *id,
                                    Metadata **ret_metadata)
{
    GetMetadataRequest request = GET_METADATA_REQUEST__INIT;
    GetMetadataResponse *response;
    request.movie_id = rpc_text(id);
    enum status status = rpc_client_ask(client, call, "/MetadataService/GetMetadata", &request,
                                        &get_metadata_response__descriptor, &response);
    if (status == STATUS_OK) {
        assert_non_null(response->metadata);
        *ret_metadata = response->metadata;
    }
    return status;
}

enum status rpc_client_get_details(struct rpc_client *client, struct call *call, const char *id,
                                   MovieDetails **ret_details)
{
    GetMovieDetailsRequest request = GET_MOVIE_DETAILS_REQUEST__INIT;
    GetMovieDetailsResponse *response;
    request.movie_id = rpc_text(id);
    enum status status = rpc_client_ask(client, call, "/MovieService/GetMovieDetails", &request,
                                        &get_movie_details_response__descriptor, &response);
    if (status == STATUS_OK) {
        assert_non_null(response->movie_details);
        *ret_details = response->movie_details;
    }
    return status;
}

void test_call_init(struct test_call *test, int64_t timeout_ms)
{
    arena_init(&test->arena, TEST_CALL_BYTES_MAX);
    call_init(&test->call, &test->arena, timeout_ms);
}

void test_call_deinit(struct test_call *test)
{
    arena_deinit(&test->arena);
}

void test_call_again(struct test_call *test, int64_t timeout_ms)
{
    arena_reset(&test->arena);
    call_init(&test->call, &test->arena, timeout_ms);
}
