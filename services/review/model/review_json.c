#include "review/model/review_json.h"

#include "base/clock.h"
#include "json/json.h"

static void write_key(struct json_writer *writer, const struct review_key *key)
{
    json_member_string(writer, "userId", key->user);
    json_member_string(writer, "recordId", key->record.id);
    json_member_string(writer, "recordType", text_of(record_type_name(key->record.type)));
}

static void write_time(struct json_writer *writer, const char *name, int64_t time_ms)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    json_member_string(writer, name, clock_format(time_ms, time));
}

void review_write_json(struct json_writer *writer, const struct review *review)
{
    json_open_object(writer);
    write_key(writer, &review->key);
    json_member_string(writer, "text", review->text);
    json_member_boolean(writer, "spoiler", review->spoiler);
    write_time(writer, "createdTime", review->created_ms);
    if (review->edited_ms != 0) {
        write_time(writer, "editedTime", review->edited_ms);
    }
    json_member_integer(writer, "likeCount", (int64_t)review->like_count);
    if (review->liked) {
        json_member_boolean(writer, "liked", true);
    }
    json_close_object(writer);
}

void review_reactions_write_json(struct json_writer *writer,
                                 const struct review_reactions *reactions)
{
    json_open_object(writer);
    json_member_integer(writer, "likeCount", (int64_t)reactions->like_count);
    json_member_boolean(writer, "liked", reactions->liked);
    json_member_integer(writer, "reviewCount", (int64_t)reactions->review_count);
    json_member_boolean(writer, "reviewed", reactions->reviewed);
    json_close_object(writer);
}

void review_list_open_json(struct json_writer *writer)
{
    json_open_object(writer);
    json_write_name(writer, TEXT("reviews"));
    json_open_array(writer);
}

void review_list_close_json(struct json_writer *writer, struct text next_page_token)
{
    json_close_array(writer);
    if (next_page_token.length > 0) {
        json_member_string(writer, "nextPageToken", next_page_token);
    }
}

void like_count_write_json(struct json_writer *writer, uint64_t count)
{
    json_open_object(writer);
    json_member_integer(writer, "likeCount", (int64_t)count);
    json_close_object(writer);
}

static bool is_absent(const struct json *value)
{
    return json_kind(value) == JSON_ABSENT || json_kind(value) == JSON_NULL;
}

static enum status wrong_kind(struct call *call, const char *name, const char *wanted,
                              const struct json *value)
{
    return call_fail(call, STATUS_INVALID_ARGUMENT, "%s must be %s, not %s", name, wanted,
                     json_kind_name(json_kind(value)));
}

/* Absent leaves what is there. */
static enum status read_string(struct call *call, const struct json *json, const char *name,
                               struct text *text)
{
    const struct json *value = json_member(json, name);
    if (is_absent(value)) {
        return STATUS_OK;
    }
    if (json_kind(value) != JSON_STRING) {
        return wrong_kind(call, name, "a string", value);
    }
    *text = json_string(value);
    return STATUS_OK;
}

static enum status read_boolean(struct call *call, const struct json *json, const char *name,
                                bool *boolean)
{
    const struct json *value = json_member(json, name);
    if (is_absent(value)) {
        return STATUS_OK;
    }
    if (json_kind(value) != JSON_BOOLEAN) {
        return wrong_kind(call, name, "true or false", value);
    }
    *boolean = json_boolean(value);
    return STATUS_OK;
}

static enum status read_count(struct call *call, const struct json *json, const char *name,
                              uint64_t *count)
{
    const struct json *value = json_member(json, name);
    if (json_kind(value) != JSON_INTEGER || json_integer(value) < 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s must be a whole number", name);
    }
    *count = (uint64_t)json_integer(value);
    return STATUS_OK;
}

static enum status read_time(struct call *call, const struct json *json, const char *name,
                             int64_t *time_ms)
{
    struct text time = TEXT("");
    enum status status = read_string(call, json, name, &time);
    if (status != STATUS_OK || time.length == 0) {
        return status;
    }
    return clock_parse(time, time_ms)
               ? STATUS_OK
               : call_fail(call, STATUS_INVALID_ARGUMENT, "%s is not a time in RFC 3339", name);
}

enum status review_words_from_json(struct call *call, const struct json *json,
                                   struct review *review)
{
    struct text text = TEXT("");
    bool spoiler = false;
    int64_t time_ms = 0;
    if (json_kind(json) != JSON_OBJECT) {
        return wrong_kind(call, "the review", "an object", json);
    }
    enum status status = read_string(call, json, "text", &text);
    if (status == STATUS_OK) {
        status = read_boolean(call, json, "spoiler", &spoiler);
    }
    if (status == STATUS_OK) {
        status = read_time(call, json, "time", &time_ms);
    }
    if (status == STATUS_OK) {
        review->text = text;
        review->spoiler = spoiler;
        review->created_ms = time_ms;
    }
    return status;
}

static enum status read_key(struct call *call, const struct json *json, struct review_key *ret_key)
{
    struct text user = TEXT("");
    struct text record = TEXT("");
    struct text type = TEXT("");
    enum status status = read_string(call, json, "userId", &user);
    if (status == STATUS_OK) {
        status = read_string(call, json, "recordId", &record);
    }
    if (status == STATUS_OK) {
        status = read_string(call, json, "recordType", &type);
    }
    return status == STATUS_OK ? review_key_from_texts(call, type, record, user, ret_key) : status;
}

enum status review_from_json(struct call *call, const struct json *json, struct review *ret_review)
{
    struct review review = {.spoiler = false};
    enum status status = review_words_from_json(call, json, &review);
    if (status == STATUS_OK) {
        status = read_key(call, json, &review.key);
    }
    if (status == STATUS_OK) {
        status = read_time(call, json, "createdTime", &review.created_ms);
    }
    if (status == STATUS_OK) {
        status = read_time(call, json, "editedTime", &review.edited_ms);
    }
    if (status == STATUS_OK && json_kind(json_member(json, "likeCount")) != JSON_ABSENT) {
        status = read_count(call, json, "likeCount", &review.like_count);
    }
    if (status == STATUS_OK) {
        status = read_boolean(call, json, "liked", &review.liked);
    }
    if (status == STATUS_OK) {
        *ret_review = review;
    }
    return status;
}
