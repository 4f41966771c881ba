/* The plain HTTP face of metadata. */
#include "http/http_etag.h"
#include "http/http_json.h"
#include "http/http_operation.h"
#include "metadata/handler/metadata_handler.h"
#include "metadata/model/metadata_json.h"
#include "json/json.h"

static void get_metadata(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct text id;
    struct metadata metadata;
    enum status status = http_json_parameter(exchange, "id", &id);
    if (status == STATUS_OK) {
        status = metadata_controller_get(state, call, id, &metadata);
    }
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    metadata_write_json(&reply.writer, &metadata);
    http_json_reply_send(&reply, 200);
}

/* The condition borrows from the precondition. NULL: there is none. */
static const struct metadata_condition *condition_of(const struct http_precondition *precondition,
                                                     struct metadata_condition *condition)
{
    const struct http_tags *match = &precondition->match;
    const struct http_tags *none_match = &precondition->none_match;
    *condition = (struct metadata_condition){
        .must_be_absent = none_match->is_any,
        .must_match = match->is_given,
        .is_any = match->is_any,
        .tags = match->digests,
        .tag_count = match->count,
        .others = none_match->digests,
        .other_count = none_match->count,
    };
    return match->is_given || none_match->is_given ? condition : NULL;
}

/* What fails of a condition is 412 here (RFC 9110 section 13.2.2). */
static void reply_written(struct http_exchange *exchange, enum status status)
{
    if (status == STATUS_ABORTED) {
        http_reply_problem_with(exchange, 412, http_exchange_call(exchange)->error.message, NULL,
                                0);
    } else {
        http_json_reply_outcome(exchange, status);
    }
}

static void put_metadata(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct text id;
    struct metadata metadata = {.year = 0};
    struct http_precondition precondition;
    struct metadata_condition condition;
    const struct json *body;
    if (!http_json_read(exchange, HTTP_BODY_BYTES_MAX, &body)) {
        return;
    }
    enum status status = metadata_from_json(call, body, &metadata);
    if (status == STATUS_OK) {
        status = http_json_optional_parameter(exchange, "id", &id);
    }
    /* The id may stand in the query, in the body, or in both if they agree. */
    if (status == STATUS_OK && metadata.id.length == 0) {
        metadata.id = id;
    } else if (status == STATUS_OK && id.data != NULL && !text_equal(id, metadata.id)) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "the id in the body is another one");
    }
    if (status == STATUS_OK) {
        status = http_precondition_read(exchange, &precondition);
    }
    if (status == STATUS_OK) {
        status = metadata_controller_put(state, call, &metadata,
                                         condition_of(&precondition, &condition));
    }
    reply_written(exchange, status);
}

static void delete_metadata(void *state, struct http_exchange *exchange)
{
    struct text id;
    struct http_precondition precondition;
    struct metadata_condition condition;
    enum status status = http_json_parameter(exchange, "id", &id);
    if (status == STATUS_OK) {
        status = http_precondition_read(exchange, &precondition);
    }
    if (status == STATUS_OK) {
        status = metadata_controller_delete(state, http_json_call(exchange), id,
                                            condition_of(&precondition, &condition));
    }
    reply_written(exchange, status);
}

static void search_metadata(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct text query;
    int64_t limit = 0;
    struct metadata_found *found;
    size_t count;
    enum status status = http_json_parameter(exchange, "q", &query);
    if (status == STATUS_OK) {
        status = http_json_integer_parameter(exchange, "limit", &limit);
    }
    if (status == STATUS_OK) {
        status = metadata_controller_search(state, call, query, (int32_t)limit, &found, &count);
    }
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    json_open_object(&reply.writer);
    json_write_name(&reply.writer, TEXT("results"));
    json_open_array(&reply.writer);
    for (size_t i = 0; i < count; i++) {
        json_open_object(&reply.writer);
        json_write_name(&reply.writer, TEXT("metadata"));
        metadata_write_json(&reply.writer, &found[i].metadata);
        json_member_number(&reply.writer, "score", found[i].score);
        json_close_object(&reply.writer);
    }
    json_close_array(&reply.writer);
    json_close_object(&reply.writer);
    http_json_reply_send(&reply, 200);
}

static const struct http_parameter id_alone[] = {
    {.name = "id",
     .about = "The movie's id",
     .is_required = true,
     .minimum = 1,
     .maximum = METADATA_ID_BYTES_MAX},
    {.name = NULL},
};

static const struct http_parameter put_parameters[] = {
    {.name = "id",
     .about = "The movie's id, where the body does not name it; the same one where it does",
     .minimum = 1,
     .maximum = METADATA_ID_BYTES_MAX},
    {.name = NULL},
};

static const struct http_parameter search_parameters[] = {
    {.name = "q",
     .about = "Words of the title, the year and the people; the last may be the start of one",
     .is_required = true,
     .minimum = 1,
     .maximum = METADATA_QUERY_BYTES_MAX},
    {.name = "limit",
     .about = "How many are found at most",
     .kind = HTTP_PARAMETER_INTEGER,
     .minimum = 1,
     .maximum = METADATA_MATCHES_MAX,
     .otherwise = METADATA_MATCHES_DEFAULT},
    {.name = NULL},
};

static const struct http_answer one[] = {
    {200, "The metadata", {.message = "Metadata"}},
    {.status = 0},
};

static const struct http_answer found_answers[] = {
    {200, "What was found, best first", {.message = "SearchMetadataResponse"}},
    {.status = 0},
};

static const int unknown_id[] = {404, 0};

static const struct http_operation operations[METADATA_HANDLER_ROUTE_COUNT] = {
    {.method = "GET",
     .path = "/metadata",
     .handle = get_metadata,
     .id = "getMetadata",
     .summary = "The metadata of a movie",
     .tag = "metadata",
     .parameters = id_alone,
     .answers = one,
     .problems = unknown_id,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "PUT",
     .path = "/metadata",
     .handle = put_metadata,
     .id = "putMetadata",
     .summary = "Stores the metadata of a movie, in place of what there was",
     .tag = "metadata",
     .parameters = put_parameters,
     .body = {.schema = METADATA_JSON_SCHEMA},
     .traits = HTTP_OPERATION_CONDITIONAL},
    {.method = "DELETE",
     .path = "/metadata",
     .handle = delete_metadata,
     .id = "deleteMetadata",
     .summary = "Removes the metadata of a movie",
     .tag = "metadata",
     .parameters = id_alone,
     .problems = unknown_id,
     .traits = HTTP_OPERATION_CONDITIONAL},
    {.method = "GET",
     .path = "/metadata/search",
     .handle = search_metadata,
     .id = "searchMetadata",
     .summary = "Movies by words of their titles, people and year",
     .about = "What was put is found a moment later; while the index is being built after a start, "
              "the answer is 503.",
     .tag = "metadata",
     .parameters = search_parameters,
     .answers = found_answers,
     .traits = HTTP_OPERATION_TAGGED},
};

void metadata_handler_routes(struct metadata_controller *controller,
                             struct http_route routes[static METADATA_HANDLER_ROUTE_COUNT])
{
    http_operations_route(operations, ARRAY_LENGTH(operations), controller, routes);
}
