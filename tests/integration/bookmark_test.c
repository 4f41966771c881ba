/* The example of docs/adding-a-service.md, served. */
#include "bookmark.pb-c.h"
#include "bookmark/handler/bookmark_handler.h"
#include "bookmark/repository/memory_bookmark_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/service_scene.h"

extern const unsigned char marquee_bookmark_proto_descriptor_set[];
extern const size_t marquee_bookmark_proto_descriptor_set_size;

struct fixture {
    struct service_scene scene;
    struct bookmark_controller controller;
};

#define CONNECT(method, body, status, reply)                                                       \
    {                                                                                              \
        method, "POST", "/BookmarkService/" method, "content-type: application/json\r\n", body,    \
            status, reply                                                                          \
    }

static enum status put(struct fixture *fixture, const char *user_id, const char *movie_id)
{
    PutBookmarkRequest request = PUT_BOOKMARK_REQUEST__INIT;
    const void *response;
    request.user_id = proto_bytes(text_of(user_id));
    request.movie_id = proto_bytes(text_of(movie_id));
    return service_scene_call(&fixture->scene, "/BookmarkService/PutBookmark", &request.base,
                              &put_bookmark_response__descriptor, &response);
}

static void by_grpc_and_json(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        CONNECT("ListBookmarks", "{\"userId\":\"ann\"}", 200, "{\"movieIds\":[\"tt1\"]}"),
        CONNECT("PutBookmark", "{\"userId\":\"ann\",\"movieId\":\"tt2\"}", 200, "{}"),
        CONNECT("PutBookmark", "{\"userId\":\"ann\",\"movieId\":\"tt2\"}", 200, "{}"),
        CONNECT("ListBookmarks", "{\"userId\":\"ann\"}", 200, "{\"movieIds\":[\"tt1\",\"tt2\"]}"),
        CONNECT("ListBookmarks", "{\"userId\":\"bob\"}", 200, "{}"),
        CONNECT("PutBookmark", "{\"userId\":\"ann\"}", 400, "an id must be 1 to 128 bytes long"),
    };
    ListBookmarksRequest list = LIST_BOOKMARKS_REQUEST__INIT;
    const void *response;
    assert_int_equal(put(fixture, "ann", "tt1"), STATUS_OK);
    assert_int_equal(put(fixture, "", "tt1"), STATUS_INVALID_ARGUMENT);
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
    list.user_id = proto_bytes(TEXT("ann"));
    assert_int_equal(service_scene_call(&fixture->scene, "/BookmarkService/ListBookmarks",
                                        &list.base, &list_bookmarks_response__descriptor,
                                        &response),
                     STATUS_OK);
    const ListBookmarksResponse *page = response;
    assert_int_equal(page->n_movie_ids, 2);
    assert_true(text_equal(proto_text(page->movie_ids[0]), TEXT("tt1")));
    assert_true(text_equal(proto_text(page->movie_ids[1]), TEXT("tt2")));
}

static void serve(void *argument)
{
    struct fixture *fixture = argument;
    const struct proto_descriptor_set descriptors = {marquee_bookmark_proto_descriptor_set,
                                                     marquee_bookmark_proto_descriptor_set_size};
    service_scene_open_with(&fixture->scene, descriptors,
                            bookmark_handler_service(&fixture->controller), NULL, 0);
    assert_int_equal(
        memory_bookmark_repository_open(&fixture->scene.call, &fixture->controller.repository),
        STATUS_OK);
    by_grpc_and_json(fixture);
    fixture->controller.repository.ops->close(fixture->controller.repository.state);
    service_scene_close(&fixture->scene);
}

static void test_bookmarks_are_served(void **state)
{
    struct fixture fixture = {.controller = {.repository = {.ops = NULL}}};
    (void)state;
    in_fiber(serve, &fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bookmarks_are_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
