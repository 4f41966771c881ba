#include "metadata/model/metadata_message.h"

#include "base/arena.h"
#include "proto/proto.h"

/* false: no room. */
static bool add_scores(struct arena *arena, const struct metadata *metadata, Metadata *message)
{
    size_t count = metadata->external_score_count;
    if (count == 0) {
        return true;
    }
    ExternalScore *scores = arena_calloc(arena, count, sizeof(*scores));
    message->external_scores = arena_calloc(arena, count, sizeof(ExternalScore *));
    if (scores == NULL || message->external_scores == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        external_score__init(&scores[i]);
        scores[i].source = proto_bytes(metadata->external_scores[i].source);
        scores[i].value = metadata->external_scores[i].value;
        scores[i].votes = metadata->external_scores[i].votes;
        message->external_scores[i] = &scores[i];
    }
    message->n_external_scores = count;
    return true;
}

Metadata *metadata_to_message(struct arena *arena, const struct metadata *metadata)
{
    Metadata *message = arena_alloc(arena, sizeof(*message));
    ProtobufCBinaryData *genres = arena_alloc(arena, metadata->genre_count * sizeof(*genres));
    if (message == NULL || genres == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < metadata->genre_count; i++) {
        genres[i] = proto_bytes(metadata->genres[i]);
    }
    metadata__init(message);
    message->id = proto_bytes(metadata->id);
    message->title = proto_bytes(metadata->title);
    message->description = proto_bytes(metadata->description);
    message->director = proto_bytes(metadata->director);
    message->year = metadata->year;
    message->genres = genres;
    message->n_genres = metadata->genre_count;
    message->imdb_id = proto_bytes(metadata->imdb_id);
    message->tmdb_id = proto_bytes(metadata->tmdb_id);
    message->popularity = metadata->popularity;
    return add_scores(arena, metadata, message) ? message : NULL;
}

enum status metadata_from_message(struct arena *arena, const Metadata *message,
                                  struct metadata *ret_metadata)
{
    if (message == NULL) {
        *ret_metadata = (struct metadata){.year = 0};
        return STATUS_OK;
    }
    struct text *genres = arena_calloc(arena, message->n_genres, sizeof(*genres));
    struct external_score *scores =
        arena_calloc(arena, message->n_external_scores, sizeof(*scores));
    if (genres == NULL || scores == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < message->n_external_scores; i++) {
        const ExternalScore *score = message->external_scores[i];
        scores[i] = (struct external_score){proto_text(score->source), score->value, score->votes};
    }
    for (size_t i = 0; i < message->n_genres; i++) {
        genres[i] = proto_text(message->genres[i]);
    }
    *ret_metadata = (struct metadata){
        .id = proto_text(message->id),
        .title = proto_text(message->title),
        .description = proto_text(message->description),
        .director = proto_text(message->director),
        .year = message->year,
        .genres = genres,
        .genre_count = message->n_genres,
        .imdb_id = proto_text(message->imdb_id),
        .tmdb_id = proto_text(message->tmdb_id),
        .popularity = message->popularity,
        .external_scores = scores,
        .external_score_count = message->n_external_scores,
    };
    return STATUS_OK;
}
