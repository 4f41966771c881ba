#include "marquee/import_job.h"

#include "base/arena.h"
#include "json/json.h"

enum { JSON_BYTES_MAX = 64 * 1024 };

static enum status finish(struct call *call, struct json_writer *writer, struct buffer *buffer,
                          struct text *ret_json)
{
    json_close_object(writer);
    struct text json = json_writer_end(writer) ? arena_copy(call->arena, buffer_text(buffer))
                                               : (struct text){NULL, 0};
    buffer_deinit(buffer);
    if (json.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for a job");
    }
    *ret_json = json;
    return STATUS_OK;
}

static void begin(struct json_writer *writer, struct buffer *buffer)
{
    buffer_init(buffer, JSON_BYTES_MAX);
    json_writer_init(writer, buffer);
    json_open_object(writer);
}

enum status import_job_encode(struct call *call, const struct import_job *job,
                              struct text *ret_json)
{
    struct buffer buffer;
    struct json_writer writer;
    begin(&writer, &buffer);
    json_member_string(&writer, "jobId", job->id);
    json_member_string(&writer, "import", job->import_name);
    json_member_integer(&writer, "total", (int64_t)job->total);
    json_member_string(&writer, "directory", job->directory);
    json_member_string(&writer, "provider", job->provider);
    json_member_string(&writer, "file", job->range.file);
    json_member_integer(&writer, "from", (int64_t)job->range.from);
    json_member_integer(&writer, "end", (int64_t)job->range.end);
    json_member_integer(&writer, "line", (int64_t)job->range.line);
    return finish(call, &writer, &buffer, ret_json);
}

enum status import_result_encode(struct call *call, const struct import_result *result,
                                 struct text *ret_json)
{
    struct buffer buffer;
    struct json_writer writer;
    begin(&writer, &buffer);
    json_member_string(&writer, "jobId", result->id);
    json_member_string(&writer, "import", result->import_name);
    json_member_string(&writer, "state", result->failed ? TEXT("failed") : TEXT("done"));
    json_member_integer(&writer, "movies", (int64_t)result->movies);
    json_member_integer(&writer, "votes", (int64_t)result->votes);
    json_member_integer(&writer, "refused", (int64_t)result->refused);
    json_member_string(&writer, "worker", result->worker);
    json_member_string(&writer, "reason", result->reason);
    return finish(call, &writer, &buffer, ret_json);
}

static enum status read_text(struct call *call, const struct json *json, const char *name,
                             struct text *ret_text)
{
    const struct json *value = json_member(json, name);
    if (json_kind(value) != JSON_STRING) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s must be a string, not %s", name,
                         json_kind_name(json_kind(value)));
    }
    /* With a NUL behind it, for paths. */
    *ret_text = arena_copy(call->arena, json_string(value));
    return ret_text->data != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

static enum status read_number(struct call *call, const struct json *json, const char *name,
                               uint64_t *ret_number)
{
    const struct json *value = json_member(json, name);
    if (json_kind(value) != JSON_INTEGER || json_integer(value) < 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s must be a number from 0 on", name);
    }
    *ret_number = (uint64_t)json_integer(value);
    return STATUS_OK;
}

/* One of the two forms, by its members. */
struct text_member {
    const char *name;
    struct text *text;
};
struct number_member {
    const char *name;
    uint64_t *number;
};

static enum status read_members(struct call *call, struct text text,
                                const struct text_member *texts, size_t text_count,
                                const struct number_member *numbers, size_t number_count)
{
    const struct json *json;
    enum status status = json_parse(call, text, &json);
    if (status == STATUS_OK && json_kind(json) != JSON_OBJECT) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "a job is an object, not %s",
                           json_kind_name(json_kind(json)));
    }
    for (size_t i = 0; i < text_count && status == STATUS_OK; i++) {
        status = read_text(call, json, texts[i].name, texts[i].text);
    }
    for (size_t i = 0; i < number_count && status == STATUS_OK; i++) {
        status = read_number(call, json, numbers[i].name, numbers[i].number);
    }
    return status;
}

enum status import_job_decode(struct call *call, struct text json, struct import_job *ret_job)
{
    struct import_job job = {.total = 0};
    const struct text_member texts[] = {{"jobId", &job.id},
                                        {"import", &job.import_name},
                                        {"directory", &job.directory},
                                        {"provider", &job.provider},
                                        {"file", &job.range.file}};
    const struct number_member numbers[] = {{"total", &job.total},
                                            {"from", &job.range.from},
                                            {"end", &job.range.end},
                                            {"line", &job.range.line}};
    enum status status =
        read_members(call, json, texts, ARRAY_LENGTH(texts), numbers, ARRAY_LENGTH(numbers));
    if (status != STATUS_OK) {
        return status;
    }
    if (!text_equal(job.range.file, TEXT("movies.csv")) &&
        !text_equal(job.range.file, TEXT("ratings.csv"))) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "file is neither movies.csv nor ratings.csv");
    }
    if (job.range.from > job.range.end) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the range ends before it begins");
    }
    *ret_job = job;
    return STATUS_OK;
}

enum status import_result_decode(struct call *call, struct text json,
                                 struct import_result *ret_result)
{
    struct import_result result = {.failed = false};
    struct text state;
    const struct text_member texts[] = {{"jobId", &result.id},
                                        {"import", &result.import_name},
                                        {"state", &state},
                                        {"worker", &result.worker},
                                        {"reason", &result.reason}};
    const struct number_member numbers[] = {
        {"movies", &result.movies}, {"votes", &result.votes}, {"refused", &result.refused}};
    enum status status =
        read_members(call, json, texts, ARRAY_LENGTH(texts), numbers, ARRAY_LENGTH(numbers));
    if (status == STATUS_OK) {
        result.failed = text_equal(state, TEXT("failed"));
        *ret_result = result;
    }
    return status;
}
