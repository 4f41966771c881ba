#include "metadata/model/metadata.h"

#include "base/arena.h"

enum { SCORE_POINTS_MAX = 10 };

/* The texts of an entry and what may be said in each. */
struct field {
    const char *name;
    size_t offset;
    size_t bytes_max;
};

static const struct field fields[] = {
    {"title", offsetof(struct metadata, title), METADATA_TITLE_BYTES_MAX},
    {"description", offsetof(struct metadata, description), METADATA_DESCRIPTION_BYTES_MAX},
    {"director", offsetof(struct metadata, director), METADATA_DIRECTOR_BYTES_MAX},
    {"IMDb id", offsetof(struct metadata, imdb_id), METADATA_EXTERNAL_ID_BYTES_MAX},
    {"TMDB id", offsetof(struct metadata, tmdb_id), METADATA_EXTERNAL_ID_BYTES_MAX},
};

static const struct text *field_of(const struct metadata *metadata, const struct field *field)
{
    return (const struct text *)(const void *)((const char *)metadata + field->offset);
}

static enum status validate_text(struct call *call, const char *name, struct text text,
                                 size_t bytes_max)
{
    if (text.length > bytes_max) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s is longer than %zu bytes", name,
                         bytes_max);
    }
    return text_is_clean(text) ? STATUS_OK
                               : call_fail(call, STATUS_INVALID_ARGUMENT,
                                           "%s is not UTF-8 or has a NUL in it", name);
}

enum status metadata_id_validate(struct call *call, struct text id)
{
    if (id.length == 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "movie id is empty");
    }
    return validate_text(call, "movie id", id, METADATA_ID_BYTES_MAX);
}

/* A genre is one line: stores keep them a line each. */
static bool has_control(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == '\x7f') {
            return true;
        }
    }
    return false;
}

static enum status validate_genres(struct call *call, const struct metadata *metadata)
{
    if (metadata->genre_count > METADATA_GENRES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "there are more than %d genres",
                         METADATA_GENRES_MAX);
    }
    for (size_t i = 0; i < metadata->genre_count; i++) {
        struct text genre = metadata->genres[i];
        if (genre.length == 0 || has_control(genre)) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "a genre is empty or has a control character in it");
        }
        enum status status = validate_text(call, "a genre", genre, METADATA_GENRE_BYTES_MAX);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static bool is_source(struct text source)
{
    for (size_t i = 0; i < source.length; i++) {
        char byte = source.data[i];
        bool is_allowed = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
                          byte == '-' || byte == '_';
        if (!is_allowed) {
            return false;
        }
    }
    return source.length > 0 && source.length <= METADATA_SOURCE_BYTES_MAX;
}

const struct external_score *metadata_external_score(const struct metadata *metadata,
                                                     struct text source)
{
    for (size_t i = 0; i < metadata->external_score_count; i++) {
        if (text_equal(metadata->external_scores[i].source, source)) {
            return &metadata->external_scores[i];
        }
    }
    return NULL;
}

static enum status validate_scores(struct call *call, const struct metadata *metadata)
{
    if (metadata->external_score_count > METADATA_EXTERNAL_SCORES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "there are more than %d external scores",
                         METADATA_EXTERNAL_SCORES_MAX);
    }
    for (size_t i = 0; i < metadata->external_score_count; i++) {
        const struct external_score *score = &metadata->external_scores[i];
        if (!is_source(score->source)) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "the source of an external score is not 1 to %d of a-z, 0-9, - and _",
                             METADATA_SOURCE_BYTES_MAX);
        }
        if (!(score->value >= 0 && score->value <= SCORE_POINTS_MAX)) { /* NaN is neither */
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "an external score is not 0 to %d points", SCORE_POINTS_MAX);
        }
        if (metadata_external_score(metadata, score->source) != score) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "there are two external scores of one source");
        }
    }
    return STATUS_OK;
}

enum status metadata_validate(struct call *call, const struct metadata *metadata)
{
    enum status status = metadata_id_validate(call, metadata->id);
    if (status != STATUS_OK) {
        return status;
    }
    if (metadata->title.length == 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "title is empty");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        status = validate_text(call, fields[i].name, *field_of(metadata, &fields[i]),
                               fields[i].bytes_max);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (metadata->year != 0 &&
        (metadata->year < METADATA_YEAR_MIN || metadata->year > METADATA_YEAR_MAX)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "year is not 0 or %d to %d",
                         METADATA_YEAR_MIN, METADATA_YEAR_MAX);
    }
    status = validate_genres(call, metadata);
    return status == STATUS_OK ? validate_scores(call, metadata) : status;
}

static bool are_scores_equal(const struct metadata *a, const struct metadata *b)
{
    for (size_t i = 0; i < a->external_score_count; i++) {
        const struct external_score *one = &a->external_scores[i];
        const struct external_score *other = &b->external_scores[i];
        if (!text_equal(one->source, other->source) || one->value != other->value ||
            one->votes != other->votes) {
            return false;
        }
    }
    return true;
}

bool metadata_equal(const struct metadata *a, const struct metadata *b)
{
    if (!text_equal(a->id, b->id) || a->year != b->year || a->popularity != b->popularity ||
        a->genre_count != b->genre_count || a->external_score_count != b->external_score_count) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        if (!text_equal(*field_of(a, &fields[i]), *field_of(b, &fields[i]))) {
            return false;
        }
    }
    for (size_t i = 0; i < a->genre_count; i++) {
        if (!text_equal(a->genres[i], b->genres[i])) {
            return false;
        }
    }
    return are_scores_equal(a, b);
}

size_t metadata_bytes(const struct metadata *metadata)
{
    /* a field's key, length, and JSON's marks; a score's numbers */
    enum { FIELD_BYTES = 6, YEAR_BYTES = 4, SCORE_BYTES = 24 };
    size_t bytes = YEAR_BYTES + metadata->id.length + FIELD_BYTES;
    bytes += metadata->popularity != 0 ? FIELD_BYTES : 0;
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        bytes += field_of(metadata, &fields[i])->length + FIELD_BYTES;
    }
    for (size_t i = 0; i < metadata->genre_count; i++) {
        bytes += metadata->genres[i].length + FIELD_BYTES;
    }
    for (size_t i = 0; i < metadata->external_score_count; i++) {
        bytes += metadata->external_scores[i].source.length + SCORE_BYTES + FIELD_BYTES;
    }
    return bytes;
}

/* Puts a text and a NUL behind it; returns where the next one goes. */
static char *put_text(char *at, struct text text, struct text *ret_copy)
{
    if (text.length > 0) {
        memcpy(at, text.data, text.length);
    }
    at[text.length] = '\0';
    *ret_copy = (struct text){at, text.length};
    return at + text.length + 1;
}

/* Of the genres, the scores, all texts, and a NUL behind each. */
static size_t copy_bytes(const struct metadata *metadata)
{
    size_t bytes = metadata->id.length + 1 + metadata->genre_count * sizeof(struct text) +
                   metadata->external_score_count * sizeof(struct external_score);
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        bytes += field_of(metadata, &fields[i])->length + 1;
    }
    for (size_t i = 0; i < metadata->genre_count; i++) {
        bytes += metadata->genres[i].length + 1;
    }
    for (size_t i = 0; i < metadata->external_score_count; i++) {
        bytes += metadata->external_scores[i].source.length + 1;
    }
    return bytes;
}

enum status metadata_copy(struct arena *arena, const struct metadata *metadata,
                          struct metadata *ret_copy)
{
    struct external_score *scores = arena_alloc(arena, copy_bytes(metadata));
    if (scores == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    struct text *genres = (struct text *)(void *)(scores + metadata->external_score_count);
    struct metadata copy = {.year = metadata->year,
                            .popularity = metadata->popularity,
                            .genre_count = metadata->genre_count,
                            .external_score_count = metadata->external_score_count};
    copy.genres = metadata->genre_count > 0 ? genres : NULL;
    copy.external_scores = metadata->external_score_count > 0 ? scores : NULL;
    char *at = (char *)(genres + metadata->genre_count);
    at = put_text(at, metadata->id, &copy.id);
    at = put_text(at, metadata->title, &copy.title);
    at = put_text(at, metadata->description, &copy.description);
    at = put_text(at, metadata->director, &copy.director);
    at = put_text(at, metadata->imdb_id, &copy.imdb_id);
    at = put_text(at, metadata->tmdb_id, &copy.tmdb_id);
    for (size_t i = 0; i < metadata->genre_count; i++) {
        at = put_text(at, metadata->genres[i], &genres[i]);
    }
    for (size_t i = 0; i < metadata->external_score_count; i++) {
        scores[i] = metadata->external_scores[i];
        at = put_text(at, metadata->external_scores[i].source, &scores[i].source);
    }
    *ret_copy = copy;
    return STATUS_OK;
}
