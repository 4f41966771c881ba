#include "base/arena.h"
#include "movie/gateway/rpc_feeds.h"
#include "movie/gateway/rpc_rating_gateway.h"
#include "proto/proto.h"
#include "rating.pb-c.h"

static ProtobufCBinaryData movie_type(void)
{
    return proto_bytes(text_of(record_type_name(RECORD_TYPE_MOVIE)));
}

static bool is_movie(ProtobufCBinaryData record_type)
{
    return text_equal(proto_text(record_type), proto_text(movie_type()));
}

/* Of both answers: the records and the parameters. */
static enum status read_feed(struct call *call, RecordAggregate *const *aggregates, size_t count,
                             RecordTypeParameters *const *parameters, size_t parameter_count,
                             struct rating_feed *feed)
{
    struct rating_feed_entry *entries = arena_calloc(call->arena, count, sizeof(*entries));
    if (entries == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    for (size_t i = 0; i < count; i++) {
        if (is_movie(aggregates[i]->record_type)) {
            entries[feed->count++] =
                (struct rating_feed_entry){.movie_id = proto_text(aggregates[i]->record_id),
                                           .count = aggregates[i]->count,
                                           .sum_hundredths = aggregates[i]->sum_hundredths};
        }
    }
    for (size_t i = 0; i < parameter_count; i++) {
        if (is_movie(parameters[i]->record_type) && parameters[i]->parameters != NULL) {
            feed->parameters = rpc_score_parameters(parameters[i]->parameters);
        }
    }
    feed->entries = entries;
    return STATUS_OK;
}

static enum status list(void *state, struct call *call, size_t page_size, struct text page_token,
                        struct rating_feed *ret_feed)
{
    ListAggregatesRequest request = LIST_AGGREGATES_REQUEST__INIT;
    ProtobufCMessage *response;
    request.page_size = (int32_t)page_size;
    request.page_token = proto_bytes(page_token);
    request.record_type = movie_type();
    enum status status =
        gateway_rpc_ask(state, call, "/RatingService/ListAggregates", &request.base,
                        &list_aggregates_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const ListAggregatesResponse *page = (const ListAggregatesResponse *)response;
    struct rating_feed feed = {.next_page_token = proto_text(page->next_page_token),
                               .sequence = page->sequence};
    status = read_feed(call, page->aggregates, page->n_aggregates, page->parameters,
                       page->n_parameters, &feed);
    if (status == STATUS_OK) {
        *ret_feed = feed;
    }
    return status;
}

static enum status changes(void *state, struct call *call, int64_t sequence, size_t page_size,
                           int64_t wait_ms, struct rating_feed *ret_feed)
{
    ListAggregateChangesRequest request = LIST_AGGREGATE_CHANGES_REQUEST__INIT;
    ProtobufCMessage *response;
    request.sequence = sequence;
    request.page_size = (int32_t)page_size;
    request.wait_ms = (int32_t)wait_ms;
    request.record_type = movie_type();
    enum status status =
        gateway_rpc_poll(state, call, "/RatingService/ListAggregateChanges", &request.base,
                         &list_aggregate_changes_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const ListAggregateChangesResponse *page = (const ListAggregateChangesResponse *)response;
    struct rating_feed feed = {.sequence = page->sequence, .more = page->more};
    status = read_feed(call, page->aggregates, page->n_aggregates, page->parameters,
                       page->n_parameters, &feed);
    if (status == STATUS_OK) {
        *ret_feed = feed;
    }
    return status;
}

static const struct rating_feed_gateway_ops ops = {.list = list, .changes = changes};

struct rating_feed_gateway rpc_rating_feed(struct gateway_rpc *rpc)
{
    return (struct rating_feed_gateway){&ops, rpc};
}
