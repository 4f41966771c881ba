#include "bookmark/handler/bookmark_handler.h"

#include "base/arena.h"
#include "bookmark.pb-c.h"
#include "proto/proto.h"

static enum status put_bookmark(void *state, struct call *call, const void *request, void *response)
{
    const PutBookmarkRequest *put = request;
    const struct bookmark bookmark = {.user_id = proto_text(put->user_id),
                                      .movie_id = proto_text(put->movie_id)};
    (void)response; /* it has no fields */
    return bookmark_controller_put(state, call, &bookmark);
}

static enum status list_bookmarks(void *state, struct call *call, const void *request,
                                  void *response)
{
    const ListBookmarksRequest *list = request;
    ListBookmarksResponse *reply = response;
    struct text *movie_ids;
    size_t count;
    enum status status =
        bookmark_controller_list(state, call, proto_text(list->user_id), &movie_ids, &count);
    if (status != STATUS_OK) {
        return status;
    }
    reply->movie_ids = arena_calloc(call->arena, count, sizeof(*reply->movie_ids));
    if (reply->movie_ids == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    for (size_t i = 0; i < count; i++) {
        reply->movie_ids[i] = proto_bytes(movie_ids[i]);
    }
    reply->n_movie_ids = count;
    return STATUS_OK;
}

static const struct grpc_method methods[] = {
    {.name = "PutBookmark",
     .request = &put_bookmark_request__descriptor,
     .response = &put_bookmark_response__descriptor,
     .unary = put_bookmark},
    {.name = "ListBookmarks",
     .no_side_effects = true,
     .request = &list_bookmarks_request__descriptor,
     .response = &list_bookmarks_response__descriptor,
     .unary = list_bookmarks},
};

struct grpc_service bookmark_handler_service(struct bookmark_controller *controller)
{
    return (struct grpc_service){.name = "BookmarkService",
                                 .methods = methods,
                                 .method_count = ARRAY_LENGTH(methods),
                                 .state = controller};
}
