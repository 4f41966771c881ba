#include "support/page_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "http/http_files.h"
#include "support/cmocka_test.h"
#include "support/rpc_client.h"
#include "support/service_process.h"

enum { FILE_BYTES_MAX = 128 * 1024 };

static struct text read_file(struct test_call *test, const char *folder, const char *name)
{
    struct arena *arena = test->call.arena;
    struct text path =
        arena_format(arena, "%s/%s/%s%c", getenv("MARQUEE_SOURCE"), folder, name, '\0');
    char *bytes = arena_alloc(arena, FILE_BYTES_MAX);
    FILE *file = fopen(path.data, "rbe");
    if (file == NULL || bytes == NULL) {
        fail_msg("%s cannot be read", path.data);
    }
    size_t length = fread(bytes, 1, FILE_BYTES_MAX, file);
    (void)fclose(file);
    assert_true(length < FILE_BYTES_MAX);
    return (struct text){bytes, length};
}

static void check_unchanged(struct test_call *test, const char *address, const char *target,
                            const struct wire_reply *had)
{
    struct text headers = arena_format(test->call.arena, "if-none-match: %.*s\r\n%c",
                                       TEXT_ARGUMENTS(wire_http_header(had, "etag")), '\0');
    struct wire_reply reply =
        wire_http_ask(&test->call, address, "GET", target, headers.data, NULL);
    assert_int_equal(reply.status, 304);
    assert_int_equal(reply.body.length, 0);
}

static size_t check_file(struct test_call *test, const char *address, const char *target,
                         struct text content)
{
    struct wire_reply reply = wire_http_ask(&test->call, address, "GET", target, "", NULL);
    if (reply.status != 200 || !text_equal(reply.body, content)) {
        fail_msg("%s: %d, %zu bytes of %zu", target, reply.status, reply.body.length,
                 content.length);
    }
    assert_true(
        text_equal(wire_http_header(&reply, "content-security-policy"), TEXT(HTTP_FILES_POLICY)));
    assert_true(text_equal(wire_http_header(&reply, "x-content-type-options"), TEXT("nosniff")));
    check_unchanged(test, address, target, &reply);
    struct wire_reply compressed =
        wire_http_ask(&test->call, address, "GET", target, "accept-encoding: gzip, br\r\n", NULL);
    assert_int_equal(compressed.status, 200);
    if (wire_http_header(&compressed, "content-encoding").length > 0) {
        assert_true(compressed.body.length < content.length);
        check_unchanged(test, address, target, &compressed);
    } else {
        assert_true(text_equal(compressed.body, content));
    }
    return content.length;
}

void page_files_check(struct test_call *test, const char *address, const char *folder,
                      const char *prefix, struct page_files *ret_files)
{
    const struct dirent *entry;
    struct text path =
        arena_format(test->call.arena, "%s/%s%c", getenv("MARQUEE_SOURCE"), folder, '\0');
    DIR *directory = opendir(path.data);
    assert_non_null(directory);
    *ret_files = (struct page_files){.count = 0};
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        test_call_again(test, SERVICE_WAIT_MS);
        struct text target = arena_format(test->call.arena, "%s%s%c", prefix, entry->d_name, '\0');
        ret_files->bytes +=
            check_file(test, address, target.data, read_file(test, folder, entry->d_name));
        ret_files->count++;
    }
    (void)closedir(directory);
}

void page_exchanges_check(struct test_call *test, const char *address,
                          const struct page_exchange *exchanges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct page_exchange *exchange = &exchanges[i];
        test_call_again(test, SERVICE_WAIT_MS);
        struct wire_reply reply =
            wire_http_ask(&test->call, address, exchange->method, exchange->target, "", NULL);
        if (reply.status != exchange->status || !wire_http_holds(reply.head, exchange->head_has)) {
            fail_msg("%s %s: wanted %d: %.*s", exchange->method, exchange->target, exchange->status,
                     TEXT_ARGUMENTS(reply.head));
        }
    }
}
