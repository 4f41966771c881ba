#include "movie/gateway/rpc_metadata_gateway.h"

#include "base/arena.h"
#include "metadata/model/metadata_message.h"
#include "movie/gateway/gateway_status.h"
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

/* false: no room. */
static bool read_match(struct call *call, const Match *match, struct movie_found *found)
{
    struct text *candidates =
        arena_calloc(call->arena, match->n_candidate_ids, sizeof(*candidates));
    for (size_t i = 0; candidates != NULL && i < match->n_candidate_ids; i++) {
        candidates[i] = proto_text(match->candidate_ids[i]);
    }
    *found = (struct movie_found){.movie_id = proto_text(match->movie_id),
                                  .how = match->how,
                                  .candidates = candidates,
                                  .candidate_count = match->n_candidate_ids};
    return candidates != NULL;
}

static enum status read_matches(struct call *call, const MatchMetadataResponse *response,
                                size_t count, struct movie_found **ret_found)
{
    struct movie_found *found = arena_calloc(call->arena, count, sizeof(*found));
    bool fits = found != NULL;
    if (response->n_matches != count) {
        (void)call_fail_detail(call, STATUS_INTERNAL, "the reply has another count of matches");
        return gateway_status(call, "metadata", STATUS_INTERNAL);
    }
    for (size_t i = 0; i < count && fits; i++) {
        fits = read_match(call, response->matches[i], &found[i]);
    }
    if (!fits) {
        return no_room(call);
    }
    *ret_found = found;
    return STATUS_OK;
}

enum status rpc_metadata_look_up(void *state, struct call *call, const struct movie_lookup *lookups,
                                 size_t count, struct movie_found **ret_found)
{
    MatchMetadataRequest request = MATCH_METADATA_REQUEST__INIT;
    ProtobufCMessage *response;
    MatchQuery *queries = arena_calloc(call->arena, count, sizeof(*queries));
    request.queries = arena_calloc(call->arena, count, sizeof(MatchQuery *));
    if (queries == NULL || request.queries == NULL) {
        return no_room(call);
    }
    for (size_t i = 0; i < count; i++) {
        match_query__init(&queries[i]);
        queries[i].imdb_id = proto_bytes(lookups[i].imdb_id);
        queries[i].tmdb_id = proto_bytes(lookups[i].tmdb_id);
        queries[i].movie_id = proto_bytes(lookups[i].movie_id);
        queries[i].title = proto_bytes(lookups[i].title);
        queries[i].year = lookups[i].year;
        request.queries[i] = &queries[i];
    }
    request.n_queries = count;
    enum status status =
        gateway_rpc_ask(state, call, "/MetadataService/MatchMetadata", &request.base,
                        &match_metadata_response__descriptor, &response);
    return status == STATUS_OK
               ? read_matches(call, (const MatchMetadataResponse *)response, count, ret_found)
               : status;
}
