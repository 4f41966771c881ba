/* Any bytes as a filter, over one entry. What is read must answer the same twice, and its negation
 * the opposite. */
#include "base/arena.h"
#include "base/buffer.h"
#include "registry/handler/registry_filter_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 16 * 1024 * 1024 };

static const char entry[] =
    "{\"Node\":{\"Node\":\"n1\",\"Meta\":{\"os\":\"linux\"}},\"Service\":{\"ID\":\"r1\","
    "\"Service\":\"rating\",\"Tags\":[\"v1\",\"blue\"],\"Meta\":{\"version\":\"2.1\"},\"Port\":"
    "8082,"
    "\"EnableTagOverride\":true},\"Checks\":[{\"Status\":\"passing\",\"Output\":\"a long word\"}]}";

static enum status match(struct call *call, struct text expression, bool *ret_matches)
{
    struct registry_filter *filter;
    const struct json *json;
    CHECK(json_parse(call, text_of(entry), &json) == STATUS_OK);
    enum status status =
        registry_filter_parse(call, expression, registry_filter_health_fields, &filter);
    if (status == STATUS_OK) {
        bool second = false;
        status = registry_filter_match(filter, call, json, ret_matches);
        CHECK(status != STATUS_OK ||
              (registry_filter_match(filter, call, json, &second) == STATUS_OK &&
               second == *ret_matches));
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct buffer buffer;
    struct call call;
    bool matches = false;
    bool negated = false;
    struct text expression = text_of_bytes(data, size);
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    buffer_init(&buffer, size + 16);
    enum status status = match(&call, expression, &matches);
    CHECK(status != STATUS_INVALID_ARGUMENT || call.error.message.length > 0);
    CHECK(buffer_append(&buffer, TEXT("not (")) && buffer_append(&buffer, expression) &&
          buffer_append_byte(&buffer, ')'));
    if (status == STATUS_OK && match(&call, buffer_text(&buffer), &negated) == STATUS_OK) {
        CHECK(matches != negated);
    }
    buffer_deinit(&buffer);
    arena_deinit(&arena);
    return 0;
}
