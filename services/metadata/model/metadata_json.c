#include "metadata/model/metadata_json.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "json/json.h"

static void write_scores(struct json_writer *writer, const struct metadata *metadata)
{
    if (metadata->external_score_count == 0) {
        return;
    }
    json_write_name(writer, TEXT("externalScores"));
    json_open_array(writer);
    for (size_t i = 0; i < metadata->external_score_count; i++) {
        json_open_object(writer);
        json_member_string(writer, "source", metadata->external_scores[i].source);
        json_member_number(writer, "value", metadata->external_scores[i].value);
        json_member_integer(writer, "votes", metadata->external_scores[i].votes);
        json_close_object(writer);
    }
    json_close_array(writer);
}

void metadata_write_json(struct json_writer *writer, const struct metadata *metadata)
{
    json_open_object(writer);
    json_member_string(writer, "id", metadata->id);
    json_member_string(writer, "title", metadata->title);
    json_member_string(writer, "description", metadata->description);
    json_member_string(writer, "director", metadata->director);
    if (metadata->year != 0) {
        json_member_integer(writer, "year", metadata->year);
    }
    if (metadata->genre_count > 0) {
        json_write_name(writer, TEXT("genres"));
        json_open_array(writer);
        for (size_t i = 0; i < metadata->genre_count; i++) {
            json_write_string(writer, metadata->genres[i]);
        }
        json_close_array(writer);
    }
    if (metadata->imdb_id.length > 0) {
        json_member_string(writer, "imdbId", metadata->imdb_id);
    }
    if (metadata->tmdb_id.length > 0) {
        json_member_string(writer, "tmdbId", metadata->tmdb_id);
    }
    if (metadata->popularity != 0) {
        json_member_integer(writer, "popularity", metadata->popularity);
    }
    write_scores(writer, metadata);
    json_close_object(writer);
}

enum status metadata_digest(const struct metadata *metadata, struct digest *ret_digest)
{
    enum { FORM_BYTES_MAX = 1024 * 1024 }; /* the largest, each byte escaped by six */
    CLEANUP(buffer_deinit) struct buffer form;
    struct json_writer writer;
    buffer_init(&form, FORM_BYTES_MAX);
    json_writer_init(&writer, &form);
    metadata_write_json(&writer, metadata);
    if (!json_writer_end(&writer)) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_digest = digest_of(buffer_text(&form));
    return STATUS_OK;
}

static enum status wrong_kind(struct call *call, const char *name, const char *wanted,
                              const struct json *value)
{
    return call_fail(call, STATUS_INVALID_ARGUMENT, "%s must be %s, not %s", name, wanted,
                     json_kind_name(json_kind(value)));
}

static bool is_absent(const struct json *value)
{
    return json_kind(value) == JSON_ABSENT || json_kind(value) == JSON_NULL;
}

static enum status read_genres(struct call *call, const struct json *value,
                               struct metadata *metadata)
{
    if (is_absent(value)) {
        return STATUS_OK;
    }
    if (json_kind(value) != JSON_ARRAY) {
        return wrong_kind(call, "genres", "an array", value);
    }
    size_t count = json_length(value);
    struct text *genres = arena_calloc(call->arena, count, sizeof(*genres));
    if (genres == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the metadata is too large");
    }
    for (size_t i = 0; i < count; i++) {
        const struct json *genre = json_at(value, i);
        if (json_kind(genre) != JSON_STRING) {
            return wrong_kind(call, "a genre", "a string", genre);
        }
        genres[i] = json_string(genre);
    }
    metadata->genres = genres;
    metadata->genre_count = count;
    return STATUS_OK;
}

/* 0: it is not there. */
static enum status read_number(struct call *call, const struct json *json, const char *name,
                               int64_t *ret_number)
{
    const struct json *value = json_member(json, name);
    *ret_number = 0;
    if (is_absent(value)) {
        return STATUS_OK;
    }
    if (json_kind(value) == JSON_REAL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s must be a whole number", name);
    }
    if (json_kind(value) != JSON_INTEGER) {
        return wrong_kind(call, name, "a whole number", value);
    }
    *ret_number = json_integer(value);
    return STATUS_OK;
}

static enum status read_year(struct call *call, const struct json *json, struct metadata *metadata)
{
    int64_t year;
    enum status status = read_number(call, json, "year", &year);
    if (status == STATUS_OK) {
        /* What does not fit the field is out of range in any case: metadata_validate() says so. */
        metadata->year = year < INT32_MIN || year > INT32_MAX ? INT32_MIN : (int32_t)year;
    }
    return status;
}

static enum status read_count(struct call *call, const struct json *json, const char *name,
                              uint32_t *ret_count)
{
    int64_t count;
    enum status status = read_number(call, json, name, &count);
    if (status != STATUS_OK) {
        return status;
    }
    if (count < 0 || count > UINT32_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s is not 0 to %" PRIu32, name,
                         UINT32_MAX);
    }
    *ret_count = (uint32_t)count;
    return STATUS_OK;
}

static enum status read_score(struct call *call, const struct json *json,
                              struct external_score *score)
{
    const struct json *source = json_member(json, "source");
    const struct json *value = json_member(json, "value");
    if (json_kind(json) != JSON_OBJECT) {
        return wrong_kind(call, "an external score", "an object", json);
    }
    if (json_kind(source) != JSON_STRING) {
        return wrong_kind(call, "the source of an external score", "a string", source);
    }
    if (json_kind(value) != JSON_INTEGER && json_kind(value) != JSON_REAL) {
        return wrong_kind(call, "the value of an external score", "a number", value);
    }
    score->source = json_string(source);
    score->value = json_number(value);
    return read_count(call, json, "votes", &score->votes);
}

static enum status read_scores(struct call *call, const struct json *value,
                               struct metadata *metadata)
{
    if (is_absent(value)) {
        return STATUS_OK;
    }
    if (json_kind(value) != JSON_ARRAY) {
        return wrong_kind(call, "externalScores", "an array", value);
    }
    size_t count = json_length(value);
    struct external_score *scores = arena_calloc(call->arena, count, sizeof(*scores));
    if (scores == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the metadata is too large");
    }
    for (size_t i = 0; i < count; i++) {
        enum status status = read_score(call, json_at(value, i), &scores[i]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    metadata->external_scores = scores;
    metadata->external_score_count = count;
    return STATUS_OK;
}

enum status metadata_from_json(struct call *call, const struct json *json,
                               struct metadata *ret_metadata)
{
    struct metadata metadata = {.year = 0};
    const struct {
        const char *name;
        struct text *text;
    } texts[] = {
        {"id", &metadata.id},
        {"title", &metadata.title},
        {"description", &metadata.description},
        {"director", &metadata.director},
        {"imdbId", &metadata.imdb_id},
        {"tmdbId", &metadata.tmdb_id},
    };
    if (json_kind(json) != JSON_OBJECT) {
        return wrong_kind(call, "the metadata", "an object", json);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        const struct json *value = json_member(json, texts[i].name);
        if (is_absent(value)) {
            continue;
        }
        if (json_kind(value) != JSON_STRING) {
            return wrong_kind(call, texts[i].name, "a string", value);
        }
        *texts[i].text = json_string(value);
    }
    enum status status = read_year(call, json, &metadata);
    if (status == STATUS_OK) {
        status = read_count(call, json, "popularity", &metadata.popularity);
    }
    if (status == STATUS_OK) {
        status = read_genres(call, json_member(json, "genres"), &metadata);
    }
    if (status == STATUS_OK) {
        status = read_scores(call, json_member(json, "externalScores"), &metadata);
    }
    if (status == STATUS_OK) {
        *ret_metadata = metadata;
    }
    return status;
}
