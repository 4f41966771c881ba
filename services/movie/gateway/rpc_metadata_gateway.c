#include "movie/gateway/rpc_metadata_gateway.h"

#include "base/arena.h"
#include "metadata/model/metadata_message.h"
#include "proto/proto.h"

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
}

enum status rpc_metadata_get_all(void *state, struct call *call, const struct text *movie_ids,
                                 size_t count, struct metadata **ret_entries, size_t *ret_count)
{
    const struct gateway_rpc *rpc = state;
    BatchGetMetadataRequest request = BATCH_GET_METADATA_REQUEST__INIT;
    ProtobufCMessage *response;
    request.movie_ids = arena_calloc(call->arena, count, sizeof(*request.movie_ids));
    if (request.movie_ids == NULL) {
        return no_room(call);
    }
    for (size_t i = 0; i < count; i++) {
        request.movie_ids[i] = proto_bytes(movie_ids[i]);
    }
    request.n_movie_ids = count;
    enum status status =
        gateway_rpc_ask(rpc, call, "/MetadataService/BatchGetMetadata", &request.base,
                        &batch_get_metadata_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const BatchGetMetadataResponse *batch = (const BatchGetMetadataResponse *)response;
    struct metadata *entries = arena_calloc(call->arena, batch->n_metadata, sizeof(*entries));
    bool fits = entries != NULL;
    for (size_t i = 0; i < batch->n_metadata && fits; i++) {
        fits = metadata_from_message(call->arena, batch->metadata[i], &entries[i]) == STATUS_OK;
    }
    if (!fits) {
        return no_room(call);
    }
    *ret_entries = entries;
    *ret_count = batch->n_metadata;
    return STATUS_OK;
}

enum status rpc_metadata_search(void *state, struct call *call, struct text query, size_t limit,
                                struct movie_match **ret_matches, size_t *ret_count)
{
    const struct gateway_rpc *rpc = state;
    SearchMetadataRequest request = SEARCH_METADATA_REQUEST__INIT;
    ProtobufCMessage *response;
    request.query = proto_bytes(query);
    request.page_size = (int32_t)limit;
    enum status status =
        gateway_rpc_ask(rpc, call, "/MetadataService/SearchMetadata", &request.base,
                        &search_metadata_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const SearchMetadataResponse *found = (const SearchMetadataResponse *)response;
    struct movie_match *matches = arena_calloc(call->arena, found->n_results, sizeof(*matches));
    bool fits = matches != NULL;
    for (size_t i = 0; i < found->n_results && fits; i++) {
        fits = metadata_from_message(call->arena, found->results[i]->metadata,
                                     &matches[i].metadata) == STATUS_OK;
        matches[i].score = found->results[i]->score;
    }
    if (!fits) {
        return no_room(call);
    }
    *ret_matches = matches;
    *ret_count = found->n_results;
    return STATUS_OK;
}
