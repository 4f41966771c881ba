/* openapi_components.h: a document in the making: its writer, and what it refers to. */
#pragma once

#include "openapi/openapi.h"
#include "openapi/openapi_descriptors.h"
#include "json/json.h"

/* Which of a message's two schemas: see openapi.h. */
enum openapi_flavour { OPENAPI_OUTPUT, OPENAPI_INPUT };

enum {
    OPENAPI_STATUSES_MAX = 600,
    OPENAPI_USES_MAX = 4096, /* schemas of one document */
};

struct openapi_use {
    struct openapi_symbol *symbol;
    enum openapi_flavour flavour;
};

struct openapi {
    struct json_writer json;
    struct arena *arena;
    const struct openapi_options *options;
    struct openapi_descriptors descriptors;
    struct openapi_use *uses; /* in the order of their first use */
    size_t use_count;
    bool problems[OPENAPI_STATUSES_MAX];         /* of which statuses there is a component */
    bool connect_problems[OPENAPI_STATUSES_MAX]; /* the same, of methods */
    bool has_timeout;        /* the parameter connect-timeout-ms is referred to */
    bool has_key;            /* and idempotency-key */
    struct text description; /* of the schema that is opened next; empty: none */
    enum status status;      /* the first failure, or OK */
};

/* Opens an object that is a schema, with the description that waits for one. */
void openapi_open_schema(struct openapi *openapi);

/* Members that are JSON already: "\"a\":1,\"b\":2"; "" for none. */
void openapi_write_members(struct openapi *openapi, const char *members);

/* Marks what is reached from an answered message, before anything is written: what is asked with
 * and is not among it needs no second name. */
void openapi_mark_answered(struct openapi *openapi, struct text message);

/* Writes the object {"$ref": …} to the message's or enum's component, and notes its use. An unknown
 * name fails the document. */
void openapi_write_reference(struct openapi *openapi, struct text name,
                             enum openapi_flavour flavour);

/* The same for what stands in no descriptor: "#/components/" and `place`. */
void openapi_write_place(struct openapi *openapi, const char *place);

/* The member `responses`' entry of a problem: "404": {"$ref": …}. */
void openapi_write_problem(struct openapi *openapi, int status);
/* The same of a method, which answers in Connect's words. */
void openapi_write_connect_problem(struct openapi *openapi, int status);

/* The parameter idempotency-key, where it stands among others. */
void openapi_write_key(struct openapi *openapi);

/* The member "components": every schema that was referred to, and what those refer to. */
void openapi_write_components(struct openapi *openapi);

/* A component's schema. */
void openapi_write_schema(struct openapi *openapi, const struct openapi_symbol *symbol,
                          enum openapi_flavour flavour);

/* The members of "paths". */
void openapi_write_methods(struct openapi *openapi);
void openapi_write_routes(struct openapi *openapi);

/* operation: NULL of a method. path: with NUL behind it; data NULL (no memory): asks nothing. */
struct openapi_need openapi_need_of(const struct openapi *openapi,
                                    const struct http_operation *operation, struct text path);

/* The member "security": which tokens or sessions are taken, with the scope that they need; []
 * where none is, {} in it where none must be. None where nobody is asked for anything. */
void openapi_write_security(struct openapi *openapi, const struct openapi_need *need);

/* A member of text, if there is any. */
void openapi_member_text(struct openapi *openapi, const char *name, struct text text);
