#include "review/model/review.h"

#include "base/arena.h"

enum status review_key_validate(struct call *call, const struct review_key *key)
{
    enum status status = record_key_validate(call, key->record);
    return status == STATUS_OK ? rating_user_validate(call, key->user) : status;
}

enum status review_key_from_texts(struct call *call, struct text record_type, struct text record_id,
                                  struct text user_id, struct review_key *ret_key)
{
    struct review_key key = {.record = {.id = record_id}, .user = user_id};
    enum status status = record_type_parse(call, record_type, &key.record.type);
    if (status == STATUS_OK) {
        *ret_key = key;
    }
    return status;
}

/* Of UTF-8: every byte but those that continue a character. */
static bool begins_character(unsigned char byte)
{
    return (byte & 0xc0) != 0x80;
}

/* Whether one begins there: those of ASCII, and U+0080 to U+009F, which are c2 80 to c2 9f. */
static bool is_control(const unsigned char *at, size_t left)
{
    return *at < ' ' || *at == 0x7f || (*at == 0xc2 && left > 1 && at[1] < 0xa0);
}

static enum status validate_text(struct call *call, struct text text)
{
    const unsigned char *bytes = (const unsigned char *)text.data;
    size_t characters = 0;
    bool is_blank = true;
    if (text.length > REVIEW_TEXT_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the review is longer than %d characters",
                         REVIEW_TEXT_CHARACTERS_MAX);
    }
    if (!text_is_utf8(text)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the review is not UTF-8");
    }
    for (size_t i = 0; i < text.length; i++) {
        if (bytes[i] != '\n' && is_control(bytes + i, text.length - i)) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "the review has a control character other than a line feed in it");
        }
        characters += begins_character(bytes[i]);
        is_blank = is_blank && (bytes[i] == ' ' || bytes[i] == '\n');
    }
    if (is_blank) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the review has no words");
    }
    return characters <= REVIEW_TEXT_CHARACTERS_MAX
               ? STATUS_OK
               : call_fail(call, STATUS_INVALID_ARGUMENT, "the review is longer than %d characters",
                           REVIEW_TEXT_CHARACTERS_MAX);
}

enum status review_validate(struct call *call, const struct review *review)
{
    enum status status = review_key_validate(call, &review->key);
    return status == STATUS_OK ? validate_text(call, review->text) : status;
}

enum status review_like_validate(struct call *call, const struct review_like *like)
{
    if (like->review.user.length == 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "author id is empty");
    }
    enum status status = review_key_validate(call, &like->review);
    if (status == STATUS_OK) {
        status = rating_user_validate(call, like->user);
    }
    if (status == STATUS_OK && text_equal(like->review.user, like->user)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "nobody likes a review of their own");
    }
    return status;
}

enum status review_order_parse(struct call *call, struct text name, enum review_order *ret_order)
{
    bool is_likes = text_equal(name, TEXT("likes"));
    if (!is_likes && name.length > 0 && !text_equal(name, TEXT("newest"))) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the order must be newest or likes");
    }
    *ret_order = is_likes ? REVIEW_ORDER_MOST_LIKED : REVIEW_ORDER_NEWEST;
    return STATUS_OK;
}

size_t review_bytes(const struct review *review)
{
    /* Two times, the record's type, the flags, the count of likes, and of each field its key,
     * length and JSON's marks. */
    enum { FIXED_BYTES = 150 };
    return review->key.record.id.length + review->key.user.length + review->text.length +
           FIXED_BYTES;
}

/* false: no room. */
static bool copy_key(struct arena *arena, const struct review_key *key, struct review_key *ret_copy)
{
    *ret_copy = (struct review_key){
        .record = {.type = key->record.type, .id = arena_copy(arena, key->record.id)},
        .user = arena_copy(arena, key->user)};
    return ret_copy->record.id.data != NULL && ret_copy->user.data != NULL;
}

enum status review_copy(struct arena *arena, const struct review *review, struct review *ret_copy)
{
    struct review copy = *review;
    copy.text = arena_copy(arena, review->text);
    if (copy.text.data == NULL || !copy_key(arena, &review->key, &copy.key)) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_copy = copy;
    return STATUS_OK;
}

enum status like_copy(struct arena *arena, const struct like *like, struct like *ret_copy)
{
    struct like copy = *like;
    if (!copy_key(arena, &like->key, &copy.key)) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_copy = copy;
    return STATUS_OK;
}
