#include "marquee/import_match.h"

#include "marquee/import_ask.h"
#include "metadata.pb-c.h"
#include "proto/proto.h"

const char *import_match_how(int how)
{
    static const char *const words[] = {
        [MATCH_HOW__NOT_MATCHED] = "not matched",
        [MATCH_HOW__MATCHED_BY_IMDB_ID] = "by IMDb id",
        [MATCH_HOW__MATCHED_BY_TMDB_ID] = "by TMDB id",
        [MATCH_HOW__MATCHED_BY_MOVIE_ID] = "by movie id",
        [MATCH_HOW__MATCHED_BY_TITLE_AND_YEAR] = "by title and year",
        [MATCH_HOW__MATCHED_BY_TITLE_AND_NEAR_YEAR] = "by title and a year next to it",
        [MATCH_HOW__MATCH_AMBIGUOUS] = "ambiguous",
    };
    return how >= 0 && how < (int)ARRAY_LENGTH(words) ? words[how] : "in another way";
}

/* data NULL: no memory. */
static struct text join_candidates(struct arena *arena, const Match *match)
{
    struct text joined = TEXT("");
    for (size_t i = 0; i < match->n_candidate_ids && joined.data != NULL; i++) {
        struct text id = proto_text(match->candidate_ids[i]);
        joined = arena_format(arena, "%.*s%s%.*s", TEXT_ARGUMENTS(joined), i > 0 ? " " : "",
                              TEXT_ARGUMENTS(id));
    }
    return joined;
}

static bool take_match(struct arena *arena, const Match *match, struct import_matched *matched)
{
    *matched = (struct import_matched){
        .movie_id = arena_copy(arena, proto_text(match->movie_id)),
        .how = (int)match->how,
        .is_ambiguous = match->how == MATCH_HOW__MATCH_AMBIGUOUS,
        .candidates = join_candidates(arena, match),
    };
    return matched->movie_id.data != NULL && matched->candidates.data != NULL;
}

static enum status take_response(struct session *session, struct arena *arena,
                                 const MatchMetadataResponse *response, size_t count,
                                 struct import_matched *matched)
{
    if (response->n_matches != count) {
        return call_fail(&session->call, STATUS_INTERNAL,
                         "the metadata service answered other than it was asked");
    }
    for (size_t i = 0; i < count; i++) {
        if (!take_match(arena, response->matches[i], &matched[i])) {
            return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for matches");
        }
    }
    return STATUS_OK;
}

enum status import_match(struct session *session, struct arena *arena,
                         const struct import_match_query *queries, size_t count,
                         struct import_matched *ret_matched)
{
    MatchMetadataRequest request = MATCH_METADATA_REQUEST__INIT;
    MatchQuery *messages = arena_calloc(arena, count + 1, sizeof(*messages));
    ProtobufCMessage *response;
    struct arena reply;
    request.queries = arena_calloc(arena, count + 1, sizeof(MatchQuery *));
    if (messages == NULL || request.queries == NULL) {
        return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for matches");
    }
    for (size_t i = 0; i < count; i++) {
        match_query__init(&messages[i]);
        messages[i].imdb_id = proto_bytes(queries[i].imdb_id);
        messages[i].tmdb_id = proto_bytes(queries[i].tmdb_id);
        messages[i].movie_id = proto_bytes(queries[i].movie_id);
        messages[i].title = proto_bytes(queries[i].title);
        messages[i].year = queries[i].year;
        request.queries[i] = &messages[i];
    }
    request.n_queries = count;
    enum status status =
        import_ask(session, SESSION_METADATA, "/MetadataService/MatchMetadata", &request.base,
                   &match_metadata_response__descriptor, &reply, &response);
    if (status == STATUS_OK) {
        status = take_response(session, arena, (const MatchMetadataResponse *)response, count,
                               ret_matched);
    }
    arena_deinit(&reply);
    return status;
}
