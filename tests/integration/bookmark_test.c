/* The example of docs/adding-a-service.md, as it is run there: by JSON and by gRPC. */
#include "bookmark.pb-c.h"
#include "grpc/grpc_channel.h"
#include "loop/loop.h"
#include "proto/proto.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/rpc_client.h"
#include "support/scratch_directory.h"
#include "support/service_process.h"
#include "support/wire_http.h"

enum { TIMEOUT_MS = 20000 };

extern const unsigned char marquee_bookmark_proto_descriptor_set[];
extern const size_t marquee_bookmark_proto_descriptor_set_size;

#define JSON_TYPE "content-type: application/json\r\n"
#define PUT "/BookmarkService/PutBookmark"
#define LIST "/BookmarkService/ListBookmarks"

static void ask_by_json(struct call *call, const char *address)
{
    static const struct {
        const char *path;
        const char *body;
        int status;
        const char *reply;
    } cases[] = {
        {PUT, "{\"userId\":\"ann\",\"movieId\":\"tt0133093\"}", 200, "{}"},
        {PUT, "{\"userId\":\"ann\",\"movieId\":\"tt0133093\"}", 200, "{}"}, /* twice is once */
        {LIST, "{\"userId\":\"ann\"}", 200, "{\"movieIds\":[\"tt0133093\"]}"},
        {LIST, "{\"userId\":\"bob\"}", 200, "{}"},
        {PUT, "{\"userId\":\"ann\"}", 400,
         "{\"code\":\"invalid_argument\",\"message\":\"an id must be 1 to 128 bytes long\"}"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct wire_reply reply =
            wire_http_ask(call, address, "POST", cases[i].path, JSON_TYPE, cases[i].body);
        if (reply.status != cases[i].status || !text_equal(reply.body, text_of(cases[i].reply))) {
            fail_msg("%s: %d %.*s", cases[i].body, reply.status, TEXT_ARGUMENTS(reply.body));
        }
    }
}

static void ask_by_grpc(struct call *call, const char *address)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        &put_bookmark_request__descriptor,
        &put_bookmark_response__descriptor,
        &list_bookmarks_request__descriptor,
        &list_bookmarks_response__descriptor,
    };
    const struct proto_descriptor_set set = {marquee_bookmark_proto_descriptor_set,
                                             marquee_bookmark_proto_descriptor_set_size};
    struct proto_pool *pool;
    struct grpc_channel *channel;
    struct text addresses[] = {text_of(address)};
    PutBookmarkRequest put = PUT_BOOKMARK_REQUEST__INIT;
    ListBookmarksRequest list = LIST_BOOKMARKS_REQUEST__INIT;
    ProtobufCMessage *response;
    assert_int_equal(proto_pool_create(&set, 1, types, ARRAY_LENGTH(types), &pool), STATUS_OK);
    const struct grpc_channel_options options = {.pool = pool, .target = "bookmark"};
    assert_int_equal(grpc_channel_create(loop_current(), &options, &channel), STATUS_OK);
    assert_int_equal(grpc_channel_update(channel, addresses, 1), STATUS_OK);
    put.user_id = proto_bytes(TEXT("ann"));
    put.movie_id = proto_bytes(TEXT("tt2"));
    list.user_id = put.user_id;
    assert_int_equal(grpc_call_unary(channel, call, PUT, NULL, &put.base,
                                     &put_bookmark_response__descriptor, &response),
                     STATUS_OK);
    assert_int_equal(grpc_call_unary(channel, call, LIST, NULL, &list.base,
                                     &list_bookmarks_response__descriptor, &response),
                     STATUS_OK);
    const ListBookmarksResponse *got = (const ListBookmarksResponse *)response;
    assert_int_equal(got->n_movie_ids, 2);
    assert_true(text_equal(proto_text(got->movie_ids[1]), TEXT("tt2")));
    grpc_channel_destroy(channel);
    proto_pool_destroy(pool);
}

static void run(void *argument)
{
    static const char *const arguments[] = {"--listen=127.0.0.1:0", "--registry=", NULL};
    char directory[SCRATCH_PATH_BYTES];
    struct service_process process;
    struct test_call test;
    (void)argument;
    scratch_directory_make(directory);
    test_call_init(&test, TIMEOUT_MS);
    service_process_start(&process, directory, "bookmark", "marquee-bookmark", arguments, NULL);
    service_process_await_ready(&process);
    ask_by_json(&test.call, process.address);
    ask_by_grpc(&test.call, process.address);
    service_process_stop(&process);
    test_call_deinit(&test);
    scratch_directory_remove(directory);
}

static void served_by_json_and_grpc(void **state)
{
    in_fiber(run, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(served_by_json_and_grpc)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
