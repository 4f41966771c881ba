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

/* A compressed answer and a plain one say the same, so that either tag serves. */
static bool has_it_already(const struct http_request *request, const struct http_file *file)
{
    return http_etag_is_held(request, file->etag) ||
           (file->gzip.length > 0 && http_etag_is_held(request, file->gzip_etag));
}

/* Whether the parameters of a coding weigh it with nothing: "q=0", "q=0.000". */
static bool is_refused(struct text parameters)
{
    while (parameters.data != NULL) {
        struct text weight = text_trim(text_next(&parameters, ';'));
        if (weight.length >= 3 && text_equal_ignoring_case(text_slice(weight, 0, 2), TEXT("q="))) {
            bool nothing = true;
            for (size_t i = 2; i < weight.length; i++) {
                nothing = nothing && (weight.data[i] == '0' || weight.data[i] == '.');
            }
            return nothing;
        }
    }
    return false;
}

/* Whether a list of codings has gzip by its name: '*' alone may mean a client that can do none. */
static bool names_gzip(struct text list)
{
    while (list.data != NULL) {
        struct text parameters = text_next(&list, ',');
        struct text coding = text_trim(text_next(&parameters, ';'));
        if (text_equal_ignoring_case(coding, TEXT("gzip"))) {
            return !is_refused(parameters);
        }
    }
    return false;
}

static bool takes_gzip(const struct http_request *request)
{
    struct text codings =
        http_header_find(request->headers, request->header_count, TEXT("accept-encoding"));
    return names_gzip(codings);
}

void http_files_reply(const struct http_file *file, struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    bool compressed = file->gzip.length > 0 && takes_gzip(request);
    bool unchanged = has_it_already(request, file);
    const struct http_header headers[] = {
        {TEXT("content-type"), file->type},
        {TEXT("etag"), compressed ? file->gzip_etag : file->etag},
        {TEXT("vary"), TEXT("accept-encoding")},
        {TEXT("cache-control"), TEXT("no-cache")},
        {TEXT("content-security-policy"), TEXT(HTTP_FILES_POLICY)},
        {TEXT("referrer-policy"), TEXT("no-referrer")},
        {TEXT("x-content-type-options"), TEXT("nosniff")},
        {TEXT("content-encoding"), TEXT("gzip")}, /* last: left out of what is not compressed */
    };
    http_reply(exchange,
               &(struct http_reply){
                   .status = unchanged ? 304 : 200,
                   .headers = headers,
                   .header_count = ARRAY_LENGTH(headers) - (compressed && !unchanged ? 0 : 1),
                   .body = compressed ? file->gzip : file->content,
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
