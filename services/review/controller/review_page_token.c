#include "review/controller/review_page_token.h"

#include <inttypes.h>

#include "base/arena.h"

#define LIKES_PREFIX "likes"

static enum status not_a_token(struct call *call)
{
    call_clear_error(call);
    return call_fail(call, STATUS_INVALID_ARGUMENT, "the page token is not one of ours");
}

static enum status keep(struct call *call, struct text token, struct text *ret_token)
{
    if (token.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    *ret_token = token;
    return STATUS_OK;
}

/* "1767225600000/ann", by likes "likes/3/1767225600000/ann" */
enum status review_record_token_write(struct call *call, enum review_order order,
                                      const struct review *last, struct text *ret_token)
{
    struct text token =
        order == REVIEW_ORDER_MOST_LIKED
            ? arena_format(call->arena, LIKES_PREFIX "/%" PRIu64 "/%" PRId64 "/%.*s",
                           last->like_count, last->created_ms, TEXT_ARGUMENTS(last->key.user))
            : arena_format(call->arena, "%" PRId64 "/%.*s", last->created_ms,
                           TEXT_ARGUMENTS(last->key.user));
    return keep(call, token, ret_token);
}

/* Takes what stands before the time. */
static bool read_likes(struct text *rest, uint64_t *ret_count)
{
    int64_t count;
    if (!text_equal(text_next(rest, '/'), TEXT(LIKES_PREFIX)) ||
        !text_to_i64(text_next(rest, '/'), &count) || count < 0) {
        return false;
    }
    *ret_count = (uint64_t)count;
    return true;
}

enum status review_record_token_read(struct call *call, enum review_order order, struct text token,
                                     struct review *ret_after)
{
    struct text rest = token;
    struct review after = {.spoiler = false};
    if (order == REVIEW_ORDER_MOST_LIKED && !read_likes(&rest, &after.like_count)) {
        return not_a_token(call);
    }
    if (!text_to_i64(text_next(&rest, '/'), &after.created_ms) ||
        rating_user_validate(call, rest) != STATUS_OK) {
        return not_a_token(call);
    }
    after.key.user = rest;
    *ret_after = after;
    return STATUS_OK;
}

/* "1767225600000/movie/603" */
enum status review_user_token_write(struct call *call, struct record_key record, int64_t time_ms,
                                    struct text *ret_token)
{
    return keep(call,
                arena_format(call->arena, "%" PRId64 "/%s/%.*s", time_ms,
                             record_type_name(record.type), TEXT_ARGUMENTS(record.id)),
                ret_token);
}

enum status review_user_token_read(struct call *call, struct text token, struct like *ret_after)
{
    struct text rest = token;
    struct like after = {.time_ms = 0};
    if (!text_to_i64(text_next(&rest, '/'), &after.time_ms) ||
        record_type_parse(call, text_next(&rest, '/'), &after.key.record.type) != STATUS_OK) {
        return not_a_token(call);
    }
    after.key.record.id = rest;
    if (record_key_validate(call, after.key.record) != STATUS_OK) {
        return not_a_token(call);
    }
    *ret_after = after;
    return STATUS_OK;
}
