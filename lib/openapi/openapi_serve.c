/* The document as it is kept and served. */
#include <stdlib.h>

#include "base/digest.h"
#include "grpc/grpc_gzip.h"
#include "grpc/grpc_metadata.h"
#include "http/http_etag.h"
#include "http/http_operation.h"
#include "openapi/openapi.h"

struct openapi_document {
    struct buffer compressed;
    char etag[HTTP_ETAG_BYTES];
    char compressed_etag[HTTP_ETAG_BYTES]; /* other bytes are another representation */
};

static enum status compress(struct call *call, struct text plain, struct openapi_document *document)
{
    struct digest digest = digest_of(plain);
    if (!grpc_gzip_deflate(plain, &document->compressed)) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the OpenAPI document");
    }
    http_etag_write(digest, document->etag);
    digest.low++;
    http_etag_write(digest, document->compressed_etag);
    return STATUS_OK;
}

enum status openapi_document_create(struct call *call, const struct openapi_options *options,
                                    struct openapi_document **ret_document)
{
    CLEANUP(buffer_deinit) struct buffer plain;
    struct openapi_document *document = calloc(1, sizeof(*document));
    buffer_init(&plain, OPENAPI_BYTES_MAX);
    if (document == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the OpenAPI document");
    }
    buffer_init(&document->compressed, OPENAPI_BYTES_MAX);
    enum status status = openapi_write(call, options, &plain);
    if (status == STATUS_OK) {
        status = compress(call, buffer_text(&plain), document);
    }
    if (status != STATUS_OK) {
        openapi_document_destroy(document);
        return status;
    }
    *ret_document = document;
    return STATUS_OK;
}

void openapi_document_destroy(struct openapi_document *document)
{
    if (document != NULL) {
        buffer_deinit(&document->compressed);
        free(document);
    }
}

static void reply(struct http_exchange *exchange, bool is_compressed, const char *etag,
                  struct text body)
{
    const struct http_header headers[] = {
        {TEXT("content-type"), TEXT("application/json")}, {TEXT("etag"), text_of(etag)},
        {TEXT("cache-control"), TEXT("no-cache")},        {TEXT("vary"), TEXT("accept-encoding")},
        {TEXT("content-encoding"), TEXT("gzip")},
    };
    http_reply(exchange, &(struct http_reply){
                             .status = body.length > 0 ? 200 : 304,
                             .headers = headers,
                             .header_count = ARRAY_LENGTH(headers) - (is_compressed ? 0 : 1),
                             .body = body,
                         });
}

static void serve(void *state, struct http_exchange *exchange)
{
    const struct openapi_place *place = state;
    const struct openapi_document *document = place->document;
    const struct http_request *request = http_exchange_request(exchange);
    struct text accepted =
        http_header_find(request->headers, request->header_count, TEXT("accept-encoding"));
    bool is_compressed = grpc_accepts_encoding(accepted, TEXT("gzip"));
    const char *etag = is_compressed ? document->compressed_etag : document->etag;
    if (http_etag_is_held(request, text_of(etag))) {
        reply(exchange, is_compressed, etag, (struct text){NULL, 0});
        return;
    }
    struct buffer *plain = http_exchange_body(exchange, OPENAPI_BYTES_MAX);
    struct text compressed = buffer_text(&document->compressed);
    if (is_compressed) {
        reply(exchange, true, etag, compressed);
        return;
    }
    enum status status = grpc_gzip_inflate(http_exchange_call(exchange), compressed, plain);
    if (status == STATUS_OK) {
        reply(exchange, false, etag, buffer_text(plain));
    } else {
        http_reply_problem(exchange, status);
    }
}

static const struct http_answer answers[] = {
    {200, "An OpenAPI 3.1 document", {.schema = "{\"type\":\"object\"}"}},
    {304, "The one that `If-None-Match` names", {.media_type = NULL}},
    {.status = 0},
};

const struct http_operation openapi_operation = {
    .method = "GET",
    .path = "/openapi.json",
    .handle = serve,
    .id = "getOpenapi",
    .summary = "This document",
    .tag = "process",
    .answers = answers,
};
