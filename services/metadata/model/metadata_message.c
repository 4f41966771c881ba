#include "metadata/model/metadata_message.h"

#include "base/arena.h"
#include "proto/proto.h"

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
    return message;
}

enum status metadata_from_message(struct arena *arena, const Metadata *message,
                                  struct metadata *ret_metadata)
{
    if (message == NULL) {
        *ret_metadata = (struct metadata){.year = 0};
        return STATUS_OK;
    }
    struct text *genres = arena_calloc(arena, message->n_genres, sizeof(*genres));
    if (genres == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
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
    };
    return STATUS_OK;
}
