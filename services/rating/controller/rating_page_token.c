#include "rating/controller/rating_page_token.h"

#include <inttypes.h>

#include "base/arena.h"

static enum status not_a_token(struct call *call)
{
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

/* "movie/3/603provider": ids may hold any character but NUL, so that only the length tells where
 * the record id ends. */
enum status rating_vote_token_write(struct call *call, const struct vote_key *last,
                                    struct text *ret_token)
{
    return keep(call,
                arena_format(call->arena, "%s/%zu/%.*s%.*s", record_type_name(last->record.type),
                             last->record.id.length, TEXT_ARGUMENTS(last->record.id),
                             TEXT_ARGUMENTS(last->provider)),
                ret_token);
}

enum status rating_vote_token_read(struct call *call, struct text token, struct vote_key *ret_after)
{
    struct vote_key after = *ret_after;
    struct text rest = token;
    struct text type = text_next(&rest, '/');
    uint64_t length;
    if (record_type_parse(call, type, &after.record.type) != STATUS_OK ||
        !text_to_u64(text_next(&rest, '/'), &length) || length > rest.length) {
        call_clear_error(call);
        return not_a_token(call);
    }
    after.record.id = text_slice(rest, 0, length);
    after.provider = text_slice(rest, length, rest.length);
    if (vote_key_validate(call, &after) != STATUS_OK) {
        call_clear_error(call);
        return not_a_token(call);
    }
    *ret_after = after;
    return STATUS_OK;
}

/* "0/42/ratings" */
enum status rating_dead_letter_token_write(struct call *call, const struct rating_dead_letter *last,
                                           struct text *ret_token)
{
    return keep(call,
                arena_format(call->arena, "%" PRId32 "/%" PRId64 "/%.*s", last->partition,
                             last->offset, TEXT_ARGUMENTS(last->topic)),
                ret_token);
}

enum status rating_dead_letter_token_read(struct call *call, struct text token,
                                          struct rating_dead_letter_key *ret_after)
{
    struct text rest = token;
    uint64_t partition;
    uint64_t offset;
    if (!text_to_u64(text_next(&rest, '/'), &partition) || partition > INT32_MAX ||
        !text_to_u64(text_next(&rest, '/'), &offset) || offset > INT64_MAX || rest.length == 0 ||
        rest.length > RATING_TOPIC_BYTES_MAX) {
        return not_a_token(call);
    }
    *ret_after = (struct rating_dead_letter_key){
        .topic = rest, .partition = (int32_t)partition, .offset = (int64_t)offset};
    return STATUS_OK;
}

/* "1234/movie/603" */
enum status rating_aggregate_token_write(struct call *call, int64_t sequence,
                                         struct record_key last, struct text *ret_token)
{
    return keep(call,
                arena_format(call->arena, "%" PRId64 "/%s/%.*s", sequence,
                             record_type_name(last.type), TEXT_ARGUMENTS(last.id)),
                ret_token);
}

static bool read_begin(struct call *call, struct text *rest, int64_t *sequence,
                       enum record_type *type)
{
    bool is_read = text_to_i64(text_next(rest, '/'), sequence) && *sequence >= 0 &&
                   record_type_parse(call, text_next(rest, '/'), type) == STATUS_OK;
    call_clear_error(call);
    return is_read;
}

enum status rating_aggregate_token_read(struct call *call, struct text token, int64_t *ret_sequence,
                                        struct record_key *ret_after)
{
    struct record_key after;
    struct text rest = token;
    int64_t sequence;
    if (!read_begin(call, &rest, &sequence, &after.type)) {
        return not_a_token(call);
    }
    after.id = rest;
    if (record_key_validate(call, after) != STATUS_OK) {
        call_clear_error(call);
        return not_a_token(call);
    }
    *ret_sequence = sequence;
    *ret_after = after;
    return STATUS_OK;
}

/* "1234/movie/3/4/603imdbann": lengths of the record's id and of the provider. */
enum status rating_feed_token_write(struct call *call, int64_t sequence,
                                    const struct vote_key *last, struct text *ret_token)
{
    return keep(call,
                arena_format(call->arena, "%" PRId64 "/%s/%zu/%zu/%.*s%.*s%.*s", sequence,
                             record_type_name(last->record.type), last->record.id.length,
                             last->provider.length, TEXT_ARGUMENTS(last->record.id),
                             TEXT_ARGUMENTS(last->provider), TEXT_ARGUMENTS(last->user)),
                ret_token);
}

enum status rating_feed_token_read(struct call *call, struct text token, int64_t *ret_sequence,
                                   struct vote_key *ret_after)
{
    struct vote_key after;
    struct text rest = token;
    int64_t sequence;
    uint64_t record_length;
    uint64_t provider_length;
    if (!read_begin(call, &rest, &sequence, &after.record.type) ||
        !text_to_u64(text_next(&rest, '/'), &record_length) ||
        !text_to_u64(text_next(&rest, '/'), &provider_length) || record_length > rest.length ||
        provider_length > rest.length - record_length) {
        return not_a_token(call);
    }
    after.record.id = text_slice(rest, 0, record_length);
    after.provider = text_slice(rest, record_length, record_length + provider_length);
    after.user = text_slice(rest, record_length + provider_length, rest.length);
    if (vote_key_validate(call, &after) != STATUS_OK) {
        call_clear_error(call);
        return not_a_token(call);
    }
    *ret_sequence = sequence;
    *ret_after = after;
    return STATUS_OK;
}
