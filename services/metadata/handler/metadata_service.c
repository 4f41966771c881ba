/* The RPC face of metadata: between messages and the controller. */
#include "base/arena.h"
#include "metadata/handler/metadata_handler.h"
#include "metadata/handler/metadata_handler_private.h"
#include "metadata/model/metadata_json.h"
#include "metadata/model/metadata_message.h"
#include "proto/proto.h"

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
}

static enum status write_etag(struct call *call, const struct metadata *metadata,
                              ProtobufCBinaryData *etag)
{
    struct digest digest;
    char digits[DIGEST_TEXT_BYTES];
    if (metadata_digest(metadata, &digest) != STATUS_OK) {
        return no_room(call);
    }
    digest_write(digest, digits);
    struct text quoted = arena_format(call->arena, "\"%s\"", digits);
    *etag = proto_bytes(quoted);
    return quoted.data != NULL ? STATUS_OK : no_room(call);
}

static enum status get_metadata(void *state, struct call *call, const void *request, void *response)
{
    const GetMetadataRequest *get = request;
    GetMetadataResponse *reply = response;
    struct metadata metadata;
    enum status status = metadata_controller_get(state, call, proto_text(get->movie_id), &metadata);
    if (status != STATUS_OK) {
        return status;
    }
    reply->metadata = metadata_to_message(call->arena, &metadata);
    if (reply->metadata == NULL) {
        return no_room(call);
    }
    return get->want_etag ? write_etag(call, &metadata, &reply->etag) : STATUS_OK;
}

/* `etag` as GetMetadata gives it, or "*"; what is neither, nothing has. NULL: none is asked for. */
static const struct metadata_condition *condition_of(struct text etag, bool must_be_new,
                                                     struct digest *tag,
                                                     struct metadata_condition *condition)
{
    bool is_quoted = etag.length > 2 && etag.data[0] == '"' && etag.data[etag.length - 1] == '"';
    bool has_tag = is_quoted && digest_parse(text_slice(etag, 1, etag.length - 1), tag);
    *condition = (struct metadata_condition){
        .must_be_absent = must_be_new,
        .must_match = etag.length > 0,
        .is_any = text_equal(etag, TEXT("*")),
        .tags = tag,
        .tag_count = has_tag ? 1 : 0,
    };
    return condition->must_be_absent || condition->must_match ? condition : NULL;
}

static enum status put_metadata(void *state, struct call *call, const void *request, void *response)
{
    const PutMetadataRequest *put = request;
    struct metadata metadata;
    struct digest tag;
    struct metadata_condition condition;
    (void)response;
    enum status status = metadata_from_message(call->arena, put->metadata, &metadata);
    return status == STATUS_OK
               ? metadata_controller_put(
                     state, call, &metadata,
                     condition_of(proto_text(put->etag), put->must_be_new, &tag, &condition))
               : status;
}

static enum status delete_metadata(void *state, struct call *call, const void *request,
                                   void *response)
{
    const DeleteMetadataRequest *remove = request;
    struct digest tag;
    struct metadata_condition condition;
    (void)response;
    return metadata_controller_delete(
        state, call, proto_text(remove->movie_id),
        condition_of(proto_text(remove->etag), false, &tag, &condition));
}

/* NULL: no room. */
static Metadata **to_messages(struct call *call, const struct metadata *entries, size_t count)
{
    Metadata **messages = arena_calloc(call->arena, count, sizeof(Metadata *));
    for (size_t i = 0; messages != NULL && i < count; i++) {
        messages[i] = metadata_to_message(call->arena, &entries[i]);
        if (messages[i] == NULL) {
            return NULL;
        }
    }
    return messages;
}

static enum status list_metadata(void *state, struct call *call, const void *request,
                                 void *response)
{
    const ListMetadataRequest *list = request;
    ListMetadataResponse *reply = response;
    struct metadata_page page;
    enum status status =
        metadata_controller_list(state, call, list->page_size, proto_text(list->page_token), &page);
    if (status != STATUS_OK) {
        return status;
    }
    reply->metadata = to_messages(call, page.entries, page.count);
    reply->n_metadata = page.count;
    reply->next_page_token = proto_bytes(page.next_page_token);
    reply->sequence = page.sequence;
    return reply->metadata != NULL ? STATUS_OK : no_room(call);
}

static enum status batch_get_metadata(void *state, struct call *call, const void *request,
                                      void *response)
{
    const BatchGetMetadataRequest *batch = request;
    BatchGetMetadataResponse *reply = response;
    struct metadata_selection selection;
    struct text *ids = arena_calloc(call->arena, batch->n_movie_ids, sizeof(*ids));
    for (size_t i = 0; ids != NULL && i < batch->n_movie_ids; i++) {
        ids[i] = proto_text(batch->movie_ids[i]);
    }
    if (ids == NULL) {
        return no_room(call);
    }
    enum status status =
        metadata_controller_batch_get(state, call, ids, batch->n_movie_ids, &selection);
    if (status != STATUS_OK) {
        return status;
    }
    reply->metadata = to_messages(call, selection.entries, selection.count);
    reply->missing_movie_ids =
        arena_calloc(call->arena, selection.missing_count, sizeof(ProtobufCBinaryData));
    if (reply->metadata == NULL || reply->missing_movie_ids == NULL) {
        return no_room(call);
    }
    for (size_t i = 0; i < selection.missing_count; i++) {
        reply->missing_movie_ids[i] = proto_bytes(selection.missing[i]);
    }
    reply->n_metadata = selection.count;
    reply->n_missing_movie_ids = selection.missing_count;
    return STATUS_OK;
}

static enum status search_metadata(void *state, struct call *call, const void *request,
                                   void *response)
{
    const SearchMetadataRequest *search = request;
    SearchMetadataResponse *reply = response;
    struct metadata_found *found;
    size_t count;
    enum status status = metadata_controller_search(state, call, proto_text(search->query),
                                                    search->page_size, &found, &count);
    if (status != STATUS_OK) {
        return status;
    }
    MetadataMatch *matches = arena_calloc(call->arena, count, sizeof(*matches));
    reply->results = arena_calloc(call->arena, count, sizeof(MetadataMatch *));
    if (matches == NULL || reply->results == NULL) {
        return no_room(call);
    }
    for (size_t i = 0; i < count; i++) {
        metadata_match__init(&matches[i]);
        matches[i].metadata = metadata_to_message(call->arena, &found[i].metadata);
        matches[i].score = found[i].score;
        reply->results[i] = &matches[i];
        if (matches[i].metadata == NULL) {
            return no_room(call);
        }
    }
    reply->n_results = count;
    return STATUS_OK;
}

static const struct grpc_method methods[] = {
    {.name = "GetMetadata",
     .no_side_effects = true,
     .request = &get_metadata_request__descriptor,
     .response = &get_metadata_response__descriptor,
     .unary = get_metadata},
    {.name = "PutMetadata",
     .request = &put_metadata_request__descriptor,
     .response = &put_metadata_response__descriptor,
     .unary = put_metadata},
    {.name = "DeleteMetadata",
     .request = &delete_metadata_request__descriptor,
     .response = &delete_metadata_response__descriptor,
     .unary = delete_metadata},
    {.name = "ListMetadata",
     .no_side_effects = true,
     .request = &list_metadata_request__descriptor,
     .response = &list_metadata_response__descriptor,
     .unary = list_metadata},
    {.name = "BatchGetMetadata",
     .no_side_effects = true,
     .request = &batch_get_metadata_request__descriptor,
     .response = &batch_get_metadata_response__descriptor,
     .unary = batch_get_metadata},
    {.name = "ListMetadataChanges",
     .no_side_effects = true,
     .request = &list_metadata_changes_request__descriptor,
     .response = &list_metadata_changes_response__descriptor,
     .unary = metadata_handle_list_changes},
    {.name = "SearchMetadata",
     .no_side_effects = true,
     .request = &search_metadata_request__descriptor,
     .response = &search_metadata_response__descriptor,
     .unary = search_metadata},
    {.name = "MatchMetadata",
     .no_side_effects = true,
     .request = &match_metadata_request__descriptor,
     .response = &match_metadata_response__descriptor,
     .unary = metadata_handle_match},
};

struct grpc_service metadata_handler_service(struct metadata_controller *controller)
{
    return (struct grpc_service){.name = "MetadataService",
                                 .methods = methods,
                                 .method_count = ARRAY_LENGTH(methods),
                                 .state = controller};
}
