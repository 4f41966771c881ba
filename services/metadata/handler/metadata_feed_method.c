/* ListMetadataChanges: between its messages and the controller. */
#include "base/arena.h"
#include "metadata/controller/metadata_feed.h"
#include "metadata/handler/metadata_handler_private.h"
#include "metadata/model/metadata_message.h"
#include "proto/proto.h"

/* false: no room. */
static bool fill_change(struct call *call, const struct metadata_changed *changed,
                        MetadataChange *message)
{
    metadata_change__init(message);
    message->sequence = changed->sequence;
    message->movie_id = proto_bytes(changed->id);
    if (changed->is_removed) {
        return true;
    }
    message->metadata = metadata_to_message(call->arena, &changed->metadata);
    return message->metadata != NULL;
}

enum status metadata_handle_list_changes(void *state, struct call *call, const void *request,
                                         void *response)
{
    const ListMetadataChangesRequest *list = request;
    ListMetadataChangesResponse *reply = response;
    struct metadata_feed_page page;
    enum status status = metadata_controller_list_changes(state, call, list->sequence,
                                                          list->page_size, list->wait_ms, &page);
    if (status != STATUS_OK) {
        return status;
    }
    MetadataChange *changes = arena_calloc(call->arena, page.count, sizeof(*changes));
    reply->changes = arena_calloc(call->arena, page.count, sizeof(MetadataChange *));
    bool fits = changes != NULL && reply->changes != NULL;
    for (size_t i = 0; i < page.count && fits; i++) {
        fits = fill_change(call, &page.changes[i], &changes[i]);
        reply->changes[i] = &changes[i];
    }
    reply->n_changes = page.count;
    reply->sequence = page.sequence;
    reply->more = page.more;
    return fits ? STATUS_OK
                : call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
}
