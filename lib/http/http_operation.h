/* http_operation.h: a plain route with all that a client must know of it, said in one place.
 *
 * The table of a handler's operations is what its routes are made of, what its parameters are read
 * by (http_json_parameter() refuses to read one that is not in it), and what /openapi.json tells
 * (openapi/openapi.h). All texts static, in the words of whoever calls: they are published.
 * A list ends with an entry of zeros. */
#pragma once

#include "http/http_server.h"

enum http_parameter_kind {
    HTTP_PARAMETER_TEXT,    /* UTF-8 without NUL */
    HTTP_PARAMETER_INTEGER, /* decimal, no sign but '-' */
    HTTP_PARAMETER_NUMBER,  /* decimal, maybe with a fraction */
    HTTP_PARAMETER_BOOLEAN, /* "true" or "false" */
};

/* A parameter of the query. */
struct http_parameter {
    const char *name;
    const char *about; /* a sentence without its full stop */
    enum http_parameter_kind kind;
    bool is_required;
    /* Of a number, its range; of a text, how many bytes it may have. Both 0: no limit of its own.
     */
    int64_t minimum;
    int64_t maximum;
    int64_t otherwise;          /* an optional integer's value when it is not given */
    double step;                /* a number is a multiple of it; 0: any */
    const char *pattern;        /* of a text: as JSON Schema has it (ECMA 262); NULL: any */
    const char *const *choices; /* of a text: these alone, then NULL; NULL: any */
};

/* What a body holds. All members NULL: nothing. */
struct http_content {
    const char *media_type; /* NULL: application/json */
    const char *message;    /* the JSON form of this message of the service's descriptors */
    const char *schema;     /* else a JSON Schema, as text; NULL with a media type: any text */
    bool or_text;           /* or, as who asks has it, text/plain */
};

/* A reply that is not a problem. */
struct http_answer {
    int status;
    const char *about;
    struct http_content content;
};

enum http_operation_traits {
    HTTP_OPERATION_OPEN = 1,       /* where handlers themselves ask for tokens: this one does not */
    HTTP_OPERATION_OWN_ERRORS = 2, /* its errors are among the answers: none is a problem */
    HTTP_OPERATION_TAGGED = 4,     /* its JSON has an etag: http_json_reply_send() */
    HTTP_OPERATION_CONDITIONAL = 8, /* it looks at `if-match` and `if-none-match` */
};

struct http_operation {
    const char *method; /* as of http_route */
    const char *path;
    http_handler_fn handle;
    const char *id;                          /* "getMetadata": unique in the service */
    const char *summary;                     /* a line: "The metadata of a movie" */
    const char *about;                       /* what else there is to say; NULL: nothing */
    const char *tag;                         /* the heading it stands under: "metadata" */
    const struct http_parameter *parameters; /* a list; NULL: none */
    const struct http_parameter *rest;       /* one: what the path's '*' stands for */
    struct http_content body;
    const struct http_answer *answers; /* a list; NULL: 200 without a body */
    /* Statuses of problems, a list, beside those that every operation may answer, and those that
     * follow from parameters and body. NULL: none. */
    const int *problems;
    unsigned traits;
};

/* Fills in a route for each operation, all with this state (borrowed). */
void http_operations_route(const struct http_operation *operations, size_t count, void *state,
                           struct http_route *routes);

/* NULL: the operation has none of that name. */
const struct http_parameter *http_operation_parameter(const struct http_operation *operation,
                                                      struct text name);
