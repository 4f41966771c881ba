#include <inttypes.h>

#include "base/arena.h"
#include "rank/rank_private.h"
#include "json/base64.h"

enum { TOKEN_FORM = 1, TOKEN_NUMBERS = 7 };

static enum status not_a_token(struct call *call)
{
    return call_fail(call, STATUS_INVALID_ARGUMENT, "the page token is not one of ours");
}

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
}

/* "1 0 25 1990 1999 0 5 16 1:25:7.087 DramaID": form, order, votes, years, key, lengths of genre
 * and version, the version, and what may hold any character. */
static enum status read_fields(struct call *call, struct text bytes, struct rank_search *ret_search)
{
    uint64_t numbers[TOKEN_NUMBERS];
    struct text rest = bytes;
    for (size_t i = 0; i < TOKEN_NUMBERS; i++) {
        if (!text_to_u64(text_next(&rest, ' '), &numbers[i])) {
            return not_a_token(call);
        }
    }
    struct text version = text_next(&rest, ' ');
    uint64_t genre_length = numbers[6];
    if (numbers[0] != TOKEN_FORM || numbers[1] >= RANK_ORDER_COUNT || numbers[3] > INT16_MAX ||
        numbers[4] > INT16_MAX || genre_length > RANK_GENRE_BYTES_MAX ||
        rest.length <= genre_length || rest.length - genre_length > RANK_ID_BYTES_MAX ||
        !rank_parameters_parse(version, &ret_search->parameters)) {
        return not_a_token(call);
    }
    ret_search->order = (enum rank_order)numbers[1];
    ret_search->minimum_votes = numbers[2];
    ret_search->year_from = (int32_t)numbers[3];
    ret_search->year_to = (int32_t)numbers[4];
    ret_search->genre = text_slice(rest, 0, genre_length);
    ret_search->is_continued = true;
    ret_search->after = (struct rank_place){
        .key = numbers[5], .id = text_slice(rest, genre_length, rest.length), .slot = RANK_NO_SLOT};
    return STATUS_OK;
}

/* Whether the token's query is what is asked for, as far as something is asked for. */
static bool agrees(const struct rank_search *asked, const struct rank_search *token)
{
    return (asked->order == 0 || asked->order == token->order) &&
           (asked->minimum_votes == 0 || asked->minimum_votes == token->minimum_votes) &&
           (asked->year_from == 0 || asked->year_from == token->year_from) &&
           (asked->year_to == 0 || asked->year_to == token->year_to) &&
           (asked->genre.length == 0 || text_equal(asked->genre, token->genre));
}

enum status rank_token_read(struct call *call, struct text token, struct rank_search *search)
{
    struct rank_search read = *search;
    bool is_valid = false;
    if (token.length > RANK_TOKEN_BYTES_MAX) {
        return not_a_token(call);
    }
    struct text bytes = base64_decode(call->arena, token, &is_valid);
    if (!is_valid) {
        return not_a_token(call);
    }
    if (bytes.data == NULL) {
        return no_room(call);
    }
    enum status status = read_fields(call, bytes, &read);
    if (status == STATUS_OK && !agrees(search, &read)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "the page token is of a list in another order or with another filter");
    }
    if (status == STATUS_OK) {
        *search = read;
    }
    return status;
}

/* In the alphabet for addresses, without padding. */
static struct text encode(struct arena *arena, struct text bytes)
{
    char *text = arena_alloc(arena, (bytes.length + 2) / 3 * 4 + 1);
    if (text == NULL) {
        return (struct text){NULL, 0};
    }
    size_t length = base64_encode_to(bytes, text);
    while (length > 0 && text[length - 1] == '=') {
        length--;
    }
    for (size_t i = 0; i < length; i++) {
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    }
    return (struct text){text, length};
}

enum status rank_token_write(struct call *call, const struct rank_search *search,
                             const struct rank_place *last, struct text *ret_token)
{
    struct text bytes =
        arena_format(call->arena, "%d %d %" PRIu64 " %d %d %" PRIu64 " %zu %s %.*s%.*s", TOKEN_FORM,
                     (int)search->order, search->minimum_votes, search->year_from, search->year_to,
                     last->key, search->genre.length, search->parameters.version,
                     TEXT_ARGUMENTS(search->genre), TEXT_ARGUMENTS(last->id));
    struct text token = bytes.data != NULL ? encode(call->arena, bytes) : bytes;
    if (token.data == NULL) {
        return no_room(call);
    }
    *ret_token = token;
    return STATUS_OK;
}
