/* wire_format.h: a format as sizecompare sees it: encode, decode, and what both keep between
 * documents.
 *
 * Each format is written with its library as the library's manual shows it, with the library's
 * default allocator. What an ordinary program makes once (a parsed schema, a protocol object) is
 * made by open(). A decoder ends with the texts copied into the caller's arena, whatever the
 * library's own tree is like, so that all of them deliver the same thing. */
#pragma once

#include "base/status.h"
#include "base/text.h"
#include "sizecompare/sample_document.h"

struct arena;
struct buffer;

struct wire_format {
    const char *name;    /* "JSON" */
    const char *library; /* "jansson 2.14" */

    /* Makes the state that the two below get. Optional, with close.
     * STATUS_INTERNAL: the library refused its own schema, or had no memory. */
    enum status (*open)(void **ret_state); /* owned by caller, until close */
    void (*close)(void *state);            /* consumed; takes NULL */

    /* Appends the document to `bytes`. scratch: for what is needed meanwhile; the caller resets it.
     * STATUS_INVALID_ARGUMENT: the format cannot carry these texts (XML and control characters).
     * STATUS_RESOURCE_EXHAUSTED: no room in `bytes` or scratch. STATUS_INTERNAL: the library
     * failed. */
    enum status (*encode)(void *state, const struct sample_document *document,
                          struct arena *scratch, struct buffer *bytes);

    /* ret_document: of the shape asked for; valid in the arena.
     * STATUS_INVALID_ARGUMENT: not a document of this format and shape.
     * STATUS_RESOURCE_EXHAUSTED: no room in the arena, or too many entries. */
    enum status (*decode)(void *state, struct text bytes, enum sample_shape shape,
                          struct arena *arena, struct sample_document *ret_document);
};

extern const struct wire_format jansson_format;
extern const struct wire_format libxml2_format;
extern const struct wire_format libyaml_format;
extern const struct wire_format thrift_format;
extern const struct wire_format avro_format;
extern const struct wire_format protobuf_format;

/* All of them, JSON first: the others are compared to it. */
enum { WIRE_FORMAT_COUNT = 6 };
extern const struct wire_format *const wire_formats[WIRE_FORMAT_COUNT];
