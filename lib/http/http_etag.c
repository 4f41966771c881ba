#include "http/http_etag.h"

void http_etag_write(struct digest digest, char etag[static HTTP_ETAG_BYTES])
{
    etag[0] = '"';
    digest_write(digest, etag + 1);
    etag[HTTP_ETAG_BYTES - 2] = '"';
    etag[HTTP_ETAG_BYTES - 1] = '\0';
}

/* Whether a list of tags names this one. */
static bool names_tag(struct text list, struct text etag, bool is_weak)
{
    while (list.data != NULL) {
        struct text tag = text_trim(text_next(&list, ','));
        if (is_weak && text_starts_with(tag, TEXT("W/"))) {
            tag = text_slice(tag, 2, tag.length);
        }
        if (etag.length > 0 && (text_equal(tag, TEXT("*")) || text_equal(tag, etag))) {
            return true;
        }
    }
    return false;
}

/* false: there is no such header. */
static bool look_for(const struct http_request *request, struct text name, struct text etag,
                     bool is_weak, bool *ret_named)
{
    bool found = false;
    *ret_named = false;
    for (size_t i = 0; i < request->header_count; i++) {
        if (text_equal(request->headers[i].name, name)) {
            found = true;
            *ret_named = *ret_named || names_tag(request->headers[i].value, etag, is_weak);
        }
    }
    return found;
}

bool http_etag_is_held(const struct http_request *request, struct text etag)
{
    bool named;
    return look_for(request, TEXT("if-none-match"), etag, true, &named) && named;
}

/* Adds the tags of one header. false: more than there is room for. */
static bool take_tags(struct text list, struct http_precondition *precondition)
{
    while (list.data != NULL) {
        struct text tag = text_trim(text_next(&list, ','));
        bool is_quoted =
            text_starts_with(tag, TEXT("\"")) && text_ends_with(tag, TEXT("\"")) && tag.length >= 2;
        struct digest digest;
        if (text_equal(tag, TEXT("*"))) {
            precondition->is_any = true;
        } else if (is_quoted && digest_parse(text_slice(tag, 1, tag.length - 1), &digest)) {
            if (precondition->tag_count == HTTP_PRECONDITION_TAGS_MAX) {
                return false;
            }
            precondition->tags[precondition->tag_count++] = digest;
        } /* else it is none of ours: nothing has it */
    }
    return true;
}

enum status http_precondition_read(struct http_exchange *exchange,
                                   struct http_precondition *ret_precondition)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct http_precondition precondition = {.tag_count = 0};
    bool fits = true;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (text_equal(header->name, TEXT("if-match"))) {
            precondition.must_match = true;
            fits = fits && take_tags(header->value, &precondition);
        } else if (text_equal(header->name, TEXT("if-none-match")) &&
                   text_equal(text_trim(header->value), TEXT("*"))) {
            precondition.must_be_absent = true;
        }
    }
    if (!fits) {
        return call_fail(http_exchange_call(exchange), STATUS_INVALID_ARGUMENT,
                         "if-match names more than %d tags", HTTP_PRECONDITION_TAGS_MAX);
    }
    *ret_precondition = precondition;
    return STATUS_OK;
}
