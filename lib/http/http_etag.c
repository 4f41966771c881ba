#include "http/http_etag.h"

static const struct text weak_prefix = TEXT_INIT("W/");

enum { QUOTED_BYTES = DIGEST_TEXT_BYTES + 2 };

static void write_quoted(struct digest digest, char quoted[static QUOTED_BYTES])
{
    quoted[0] = '"';
    digest_write(digest, quoted + 1);
    quoted[QUOTED_BYTES - 2] = '"';
    quoted[QUOTED_BYTES - 1] = '\0';
}

void http_etag_write(struct digest digest, char etag[static HTTP_ETAG_BYTES])
{
    write_quoted(digest, etag);
}

void http_etag_write_weak(struct digest digest, char etag[static HTTP_ETAG_BYTES])
{
    memcpy(etag, weak_prefix.data, weak_prefix.length);
    write_quoted(digest, etag + weak_prefix.length);
}

static bool is_weak(struct text tag)
{
    return text_starts_with(tag, weak_prefix);
}

/* What two tags have in common that stand for the same, weak or not. */
static struct text opaque(struct text tag)
{
    return text_slice(tag, is_weak(tag) ? weak_prefix.length : 0, tag.length);
}

/* Whether a list of tags names this one. */
static bool names_tag(struct text list, struct text etag, bool strongly)
{
    while (list.data != NULL && etag.length > 0) {
        struct text tag = text_trim(text_next(&list, ','));
        bool is_same = strongly ? text_equal(tag, etag) && !is_weak(tag)
                                : text_equal(opaque(tag), opaque(etag));
        if (is_same || text_equal(tag, TEXT("*"))) {
            return true;
        }
    }
    return false;
}

/* false: there is no such header. */
static bool look_for(const struct http_request *request, struct text name, struct text etag,
                     bool strongly, bool *ret_named)
{
    bool found = false;
    *ret_named = false;
    for (size_t i = 0; i < request->header_count; i++) {
        if (text_equal(request->headers[i].name, name)) {
            found = true;
            *ret_named = *ret_named || names_tag(request->headers[i].value, etag, strongly);
        }
    }
    return found;
}

bool http_etag_is_held(const struct http_request *request, struct text etag)
{
    bool named;
    return look_for(request, TEXT("if-none-match"), etag, false, &named) && named;
}

bool http_etag_is_missed(const struct http_request *request, struct text etag)
{
    bool named;
    return look_for(request, TEXT("if-match"), etag, true, &named) && !named;
}

/* Adds the tags of one header. false: more than there is room for. */
static bool take_tags(struct text list, bool strongly, struct http_tags *tags)
{
    while (list.data != NULL) {
        struct text given = text_trim(text_next(&list, ','));
        struct text tag = strongly ? given : opaque(given);
        bool is_quoted =
            text_starts_with(tag, TEXT("\"")) && text_ends_with(tag, TEXT("\"")) && tag.length >= 2;
        struct digest digest;
        if (text_equal(tag, TEXT("*"))) {
            tags->is_any = true;
        } else if (is_quoted && digest_parse(text_slice(tag, 1, tag.length - 1), &digest)) {
            if (tags->count == HTTP_PRECONDITION_TAGS_MAX) {
                return false;
            }
            tags->digests[tags->count++] = digest;
        } /* else it is none of ours: nothing has it */
    }
    return true;
}

static enum status read_tags(struct http_exchange *exchange, const char *name, bool strongly,
                             struct http_tags *tags)
{
    const struct http_request *request = http_exchange_request(exchange);
    for (size_t i = 0; i < request->header_count; i++) {
        if (!text_equal(request->headers[i].name, text_of(name))) {
            continue;
        }
        tags->is_given = true;
        if (!take_tags(request->headers[i].value, strongly, tags)) {
            return call_fail(http_exchange_call(exchange), STATUS_INVALID_ARGUMENT,
                             "%s names more than %d tags", name, HTTP_PRECONDITION_TAGS_MAX);
        }
    }
    return STATUS_OK;
}

enum status http_precondition_read(struct http_exchange *exchange,
                                   struct http_precondition *ret_precondition)
{
    struct http_precondition precondition = {.match = {.count = 0}};
    enum status status = read_tags(exchange, "if-match", true, &precondition.match);
    if (status == STATUS_OK) {
        status = read_tags(exchange, "if-none-match", false, &precondition.none_match);
    }
    if (status == STATUS_OK) {
        *ret_precondition = precondition;
    }
    return status;
}
