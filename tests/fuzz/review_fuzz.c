/* Any bytes as what a client sends to be a review, and as page tokens: what is taken is within
 * every limit, is written and reads back the same, and what is refused has words. */
#include "base/arena.h"
#include "base/buffer.h"
#include "review/controller/review_page_token.h"
#include "review/model/review_json.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES_MAX = 16 * 1024 * 1024, JSON_BYTES_MAX = 1024 * 1024 };

static void check_same(struct call *call, const struct review *review)
{
    struct buffer buffer;
    struct json_writer writer;
    const struct json *json;
    struct review again;
    buffer_init(&buffer, JSON_BYTES_MAX);
    json_writer_init(&writer, &buffer);
    review_write_json(&writer, review);
    CHECK(json_writer_end(&writer));
    CHECK(json_parse(call, buffer_text(&buffer), &json) == STATUS_OK);
    CHECK(review_from_json(call, json, &again) == STATUS_OK);
    CHECK(text_equal(again.text, review->text) && again.spoiler == review->spoiler);
    CHECK(text_equal(again.key.user, review->key.user));
    buffer_deinit(&buffer);
}

static void check_text(struct call *call, struct text text, bool spoiler)
{
    const struct review review = {
        .key = {.record = {RECORD_TYPE_MOVIE, TEXT("m")}, .user = TEXT("u")},
        .text = text,
        .spoiler = spoiler,
        .created_ms = 1};
    if (review_validate(call, &review) == STATUS_OK) {
        CHECK(text_is_clean(text) && text.length > 0 && text.length <= REVIEW_TEXT_BYTES_MAX);
        CHECK(text_find(text, 0, '\r') == text.length && text_find(text, 0, '\t') == text.length);
        check_same(call, &review);
    } else {
        CHECK(call->error.message.length > 0);
    }
    call_clear_error(call);
}

static void check_tokens(struct call *call, struct text token)
{
    struct review after;
    struct like place;
    struct text written;
    struct review again;
    static const enum review_order orders[] = {REVIEW_ORDER_NEWEST, REVIEW_ORDER_MOST_LIKED};
    for (size_t i = 0; i < ARRAY_LENGTH(orders); i++) {
        if (review_record_token_read(call, orders[i], token, &after) == STATUS_OK) {
            CHECK(review_record_token_write(call, orders[i], &after, &written) == STATUS_OK);
            CHECK(review_record_token_read(call, orders[i], written, &again) == STATUS_OK);
            CHECK(again.created_ms == after.created_ms && again.like_count == after.like_count &&
                  text_equal(again.key.user, after.key.user));
        }
        call_clear_error(call);
    }
    if (review_user_token_read(call, token, &place) == STATUS_OK) {
        struct like place_again;
        CHECK(review_user_token_write(call, place.key.record, place.time_ms, &written) ==
              STATUS_OK);
        CHECK(review_user_token_read(call, written, &place_again) == STATUS_OK);
        CHECK(place_again.time_ms == place.time_ms &&
              text_equal(place_again.key.record.id, place.key.record.id));
    }
    call_clear_error(call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct call call;
    const struct json *json;
    struct review words = {.spoiler = false};
    struct text input = text_of_bytes(data, size);
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    check_text(&call, input, true);
    check_tokens(&call, input);
    if (json_parse(&call, input, &json) == STATUS_OK &&
        review_words_from_json(&call, json, &words) == STATUS_OK) {
        check_text(&call, words.text, words.spoiler);
    }
    arena_deinit(&arena);
    return 0;
}
