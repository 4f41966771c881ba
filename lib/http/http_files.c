#include "http/http_files.h"

const struct http_file *http_files_find(const struct http_file *files, struct text name)
{
    for (const struct http_file *file = files; file->name.length > 0; file++) {
        if (text_equal(file->name, name)) {
            return file;
        }
    }
    return NULL;
}

/* Whether a list of tags names this one: weakly compared, as RFC 9110 section 13.1.2 asks. */
static bool names_tag(struct text list, struct text etag)
{
    while (list.data != NULL) {
        struct text tag = text_trim(text_next(&list, ','));
        if (text_starts_with(tag, TEXT("W/"))) {
            tag = text_slice(tag, 2, tag.length);
        }
        if (text_equal(tag, TEXT("*")) || text_equal(tag, etag)) {
            return true;
        }
    }
    return false;
}

static bool has_it_already(const struct http_request *request, struct text etag)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (text_equal(request->headers[i].name, TEXT("if-none-match")) &&
            names_tag(request->headers[i].value, etag)) {
            return true;
        }
    }
    return false;
}

void http_files_reply(const struct http_file *file, struct http_exchange *exchange)
{
    const struct http_header headers[] = {
        {TEXT("content-type"), file->type},
        {TEXT("etag"), file->etag},
        {TEXT("cache-control"), TEXT("no-cache")},
        {TEXT("content-security-policy"), TEXT(HTTP_FILES_POLICY)},
        {TEXT("referrer-policy"), TEXT("no-referrer")},
        {TEXT("x-content-type-options"), TEXT("nosniff")},
    };
    bool unchanged = has_it_already(http_exchange_request(exchange), file->etag);
    http_reply(exchange, &(struct http_reply){
                             .status = unchanged ? 304 : 200,
                             .headers = headers,
                             .header_count = ARRAY_LENGTH(headers),
                             .body = file->content,
                         });
}

void http_files_serve(const struct http_file *files, struct http_exchange *exchange)
{
    const struct http_file *file = http_files_find(files, http_exchange_rest(exchange));
    if (file != NULL) {
        http_files_reply(file, exchange);
    } else {
        http_reply_problem_with(exchange, 404, TEXT("there is no such file"), NULL, 0);
    }
}
