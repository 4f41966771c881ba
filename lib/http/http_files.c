#include "http/http_files.h"

#include "http/http_etag.h"

const struct http_file *http_files_find(const struct http_file *files, struct text name)
{
    for (const struct http_file *file = files; file->name.length > 0; file++) {
        if (text_equal(file->name, name)) {
            return file;
        }
    }
    return NULL;
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
    bool unchanged = http_etag_is_held(http_exchange_request(exchange), file->etag);
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
