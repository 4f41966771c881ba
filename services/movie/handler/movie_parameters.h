/* movie_parameters.h: the parameters that several plain routes of movies have. */
#pragma once

#include "http/http_operation.h"

#define MOVIE_ID_PARAMETER                                                                         \
    {                                                                                              \
        .name = "id", .about = "The movie's id", .is_required = true, .minimum = 1,                \
        .maximum = METADATA_ID_BYTES_MAX                                                           \
    }
#define MOVIE_USER_PARAMETER(is_needed, words)                                                     \
    {                                                                                              \
        .name = "userId", .about = (words), .is_required = (is_needed), .minimum = (is_needed),    \
        .maximum = RATING_USER_BYTES_MAX                                                           \
    }
#define MOVIE_PAGE_SIZE_PARAMETER(most, usual)                                                     \
    {                                                                                              \
        .name = "pageSize", .about = "How many there are in a page at most",                       \
        .kind = HTTP_PARAMETER_INTEGER, .minimum = 1, .maximum = (most), .otherwise = (usual)      \
    }
#define MOVIE_PAGE_TOKEN_PARAMETER                                                                 \
    {                                                                                              \
        .name = "pageToken", .about = "nextPageToken of the page before"                           \
    }

/* As http_json_integer_parameter(), of one whose range is described within that of an int32_t. */
MUST_USE enum status movie_parameter_integer(struct http_exchange *exchange, const char *name,
                                             int32_t *ret_number);

/* Both of a page; ret_token->data NULL: the first. */
MUST_USE enum status movie_parameter_page(struct http_exchange *exchange, int32_t *ret_size,
                                          struct text *ret_token);
