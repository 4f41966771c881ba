/* MatchMetadata: between its messages and the controller. */
#include "base/arena.h"
#include "metadata.pb-c.h"
#include "metadata/controller/metadata_matching.h"
#include "metadata/handler/metadata_handler_private.h"
#include "proto/proto.h"

_Static_assert((int)METADATA_MATCH_AMBIGUOUS == (int)MATCH_HOW__MATCH_AMBIGUOUS &&
                   (int)METADATA_MATCHED_BY_ID == (int)MATCH_HOW__MATCHED_BY_MOVIE_ID,
               "the model's numbers are the contract's");

/* false: no room. */
static bool fill_match(struct call *call, const struct metadata_matched *matched, Match *match)
{
    match__init(match);
    match->movie_id = proto_bytes(matched->id);
    match->how = (MatchHow)matched->how;
    match->candidate_ids =
        arena_calloc(call->arena, matched->candidate_count + 1, sizeof(ProtobufCBinaryData));
    for (size_t i = 0; match->candidate_ids != NULL && i < matched->candidate_count; i++) {
        match->candidate_ids[i] = proto_bytes(matched->candidates[i]);
    }
    match->n_candidate_ids = matched->candidate_count;
    return match->candidate_ids != NULL;
}

static enum status fill_response(struct call *call, const struct metadata_matched *matched,
                                 size_t count, MatchMetadataResponse *response)
{
    Match *matches = arena_calloc(call->arena, count + 1, sizeof(*matches));
    response->matches = arena_calloc(call->arena, count + 1, sizeof(Match *));
    bool fits = matches != NULL && response->matches != NULL;
    for (size_t i = 0; i < count && fits; i++) {
        fits = fill_match(call, &matched[i], &matches[i]);
        response->matches[i] = &matches[i];
    }
    response->n_matches = count;
    return fits ? STATUS_OK
                : call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
}

enum status metadata_handle_match(void *state, struct call *call, const void *request,
                                  void *response)
{
    const MatchMetadataRequest *match = request;
    struct metadata_matched *matched;
    struct metadata_query *queries =
        arena_calloc(call->arena, match->n_queries + 1, sizeof(*queries));
    if (queries == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the request is too large");
    }
    for (size_t i = 0; i < match->n_queries; i++) {
        const MatchQuery *query = match->queries[i];
        queries[i] = (struct metadata_query){.imdb_id = proto_text(query->imdb_id),
                                             .tmdb_id = proto_text(query->tmdb_id),
                                             .id = proto_text(query->movie_id),
                                             .title = proto_text(query->title),
                                             .year = query->year};
    }
    enum status status =
        metadata_controller_match(state, call, queries, match->n_queries, &matched);
    return status == STATUS_OK ? fill_response(call, matched, match->n_queries, response) : status;
}
