/* The plain HTTP face of summaries and top lists. */
#include "http/http_json.h"
#include "rating/controller/rating_top.h"
#include "rating/handler/rating_handler.h"
#include "rating/handler/rating_handler_private.h"

static void write_parameters(struct json_writer *writer, const struct rank_parameters *parameters)
{
    json_write_name(writer, TEXT("parameters"));
    json_open_object(writer);
    json_member_integer(writer, "formula", parameters->formula);
    json_member_number(writer, "minimumVotes", parameters->minimum_votes);
    json_member_number(writer, "mean", parameters->mean);
    json_member_string(writer, "version", text_of(parameters->version));
    json_close_object(writer);
}

static void write_summary(struct json_writer *writer, const struct rating_summary *summary)
{
    json_open_object(writer);
    json_member_number(writer, "mean", summary->mean);
    json_member_integer(writer, "count", (int64_t)summary->aggregate.count);
    json_write_name(writer, TEXT("histogram"));
    json_open_array(writer);
    for (size_t i = 0; i < RATING_BIN_COUNT; i++) {
        json_write_integer(writer, summary->aggregate.histogram[i]);
    }
    json_close_array(writer);
    if (summary->has_score) {
        json_member_number(writer, "weightedScore", summary->weighted_score);
        write_parameters(writer, &summary->parameters);
    }
    json_close_object(writer);
}

void rating_handler_get_summary_route(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct text type;
    struct record_key record;
    struct rating_summary summary;
    enum status status = http_json_parameter(exchange, "type", &type);
    if (status == STATUS_OK) {
        status = http_json_parameter(exchange, "id", &record.id);
    }
    if (status == STATUS_OK) {
        status = record_type_parse(call, type, &record.type);
    }
    if (status == STATUS_OK) {
        status = rating_controller_get_summary(state, call, record, &summary);
    }
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    write_summary(&reply.writer, &summary);
    http_json_reply_send(&reply, 200);
}

static void write_page(struct json_writer *writer, const struct rank_page *page)
{
    json_open_object(writer);
    json_write_name(writer, TEXT("records"));
    json_open_array(writer);
    for (size_t i = 0; i < page->count; i++) {
        const struct rank_row *row = &page->rows[i];
        json_open_object(writer);
        json_member_string(writer, "recordId", row->id);
        json_member_integer(writer, "count", (int64_t)row->count);
        json_member_number(writer, "mean", row->mean);
        json_member_number(writer, "weightedScore", row->score);
        json_close_object(writer);
    }
    json_close_array(writer);
    if (page->next_page_token.length > 0) {
        json_member_string(writer, "nextPageToken", page->next_page_token);
    }
    write_parameters(writer, &page->parameters);
    json_close_object(writer);
}

const char *const rating_handler_orders[] = {"score", "mean", "votes", NULL};

static enum status read_order(struct http_exchange *exchange, enum rank_order *ret_order)
{
    static const enum rank_order orders[] = {RANK_BY_SCORE, RANK_BY_MEAN, RANK_BY_VOTES};
    struct text name;
    enum status status = http_json_optional_parameter(exchange, "order", &name);
    if (status != STATUS_OK || name.data == NULL) {
        return status;
    }
    for (size_t i = 0; rating_handler_orders[i] != NULL; i++) {
        if (text_equal(name, text_of(rating_handler_orders[i]))) {
            *ret_order = orders[i];
            return STATUS_OK;
        }
    }
    return call_fail(http_exchange_call(exchange), STATUS_INVALID_ARGUMENT,
                     "the order must be score, mean or votes");
}

static enum status read_request(struct http_exchange *exchange, struct rating_top_request *request)
{
    struct text type;
    int64_t minimum_votes;
    int64_t page_size;
    enum status status = http_json_parameter(exchange, "type", &type);
    if (status == STATUS_OK) {
        status = record_type_parse(http_exchange_call(exchange), type, &request->type);
    }
    if (status == STATUS_OK) {
        status = read_order(exchange, &request->order);
    }
    if (status == STATUS_OK) {
        status = http_json_integer_parameter(exchange, "minimumVotes", &minimum_votes);
    }
    if (status == STATUS_OK) {
        status = http_json_integer_parameter(exchange, "pageSize", &page_size);
    }
    if (status == STATUS_OK) {
        status = http_json_optional_parameter(exchange, "pageToken", &request->page_token);
    }
    if (status == STATUS_OK) {
        request->minimum_votes = (uint32_t)minimum_votes;
        request->page_size = (int32_t)page_size;
    }
    return status;
}

void rating_handler_list_top_route(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct rating_top_request request = {.order = RANK_BY_SCORE};
    struct rank_page page;
    enum status status = read_request(exchange, &request);
    if (status == STATUS_OK) {
        status = rating_controller_list_top(state, call, &request, &page);
    }
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    write_page(&reply.writer, &page);
    http_json_reply_send(&reply, 200);
}
