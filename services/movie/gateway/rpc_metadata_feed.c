#include "base/arena.h"
#include "metadata/model/metadata_message.h"
#include "movie/gateway/rpc_feeds.h"
#include "proto/proto.h"

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
}

static enum status list(void *state, struct call *call, size_t page_size, struct text page_token,
                        struct metadata_feed *ret_feed)
{
    ListMetadataRequest request = LIST_METADATA_REQUEST__INIT;
    ProtobufCMessage *response;
    request.page_size = (int32_t)page_size;
    request.page_token = proto_bytes(page_token);
    enum status status =
        gateway_rpc_ask(state, call, "/MetadataService/ListMetadata", &request.base,
                        &list_metadata_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const ListMetadataResponse *page = (const ListMetadataResponse *)response;
    struct metadata_feed_entry *entries =
        arena_calloc(call->arena, page->n_metadata, sizeof(*entries));
    bool fits = entries != NULL;
    for (size_t i = 0; i < page->n_metadata && fits; i++) {
        fits = metadata_from_message(call->arena, page->metadata[i], &entries[i].metadata) ==
               STATUS_OK;
        entries[i].id = entries[i].metadata.id;
    }
    if (!fits) {
        return no_room(call);
    }
    *ret_feed = (struct metadata_feed){.entries = entries,
                                       .count = page->n_metadata,
                                       .next_page_token = proto_text(page->next_page_token),
                                       .sequence = page->sequence};
    return STATUS_OK;
}

static enum status changes(void *state, struct call *call, int64_t sequence, size_t page_size,
                           int64_t wait_ms, struct metadata_feed *ret_feed)
{
    ListMetadataChangesRequest request = LIST_METADATA_CHANGES_REQUEST__INIT;
    ProtobufCMessage *response;
    request.sequence = sequence;
    request.page_size = (int32_t)page_size;
    request.wait_ms = (int32_t)wait_ms;
    enum status status =
        gateway_rpc_poll(state, call, "/MetadataService/ListMetadataChanges", &request.base,
                         &list_metadata_changes_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const ListMetadataChangesResponse *page = (const ListMetadataChangesResponse *)response;
    struct metadata_feed_entry *entries =
        arena_calloc(call->arena, page->n_changes, sizeof(*entries));
    bool fits = entries != NULL;
    for (size_t i = 0; i < page->n_changes && fits; i++) {
        const MetadataChange *change = page->changes[i];
        entries[i].id = proto_text(change->movie_id);
        entries[i].is_removed = change->metadata == NULL;
        fits =
            metadata_from_message(call->arena, change->metadata, &entries[i].metadata) == STATUS_OK;
    }
    if (!fits) {
        return no_room(call);
    }
    *ret_feed = (struct metadata_feed){.entries = entries,
                                       .count = page->n_changes,
                                       .sequence = page->sequence,
                                       .more = page->more};
    return STATUS_OK;
}

static const struct metadata_feed_gateway_ops ops = {.list = list, .changes = changes};

struct metadata_feed_gateway rpc_metadata_feed(struct gateway_rpc *rpc)
{
    return (struct metadata_feed_gateway){&ops, rpc};
}
