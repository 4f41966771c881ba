/* metadata_json.h: the plain JSON form of metadata, as the HTTP contract gives it (api/http.md):
 * {"id","title","description","director"} always, year, genres, imdbId, tmdbId, popularity and
 * externalScores ([{"source","value","votes"}]) where known. */
#pragma once

#include "base/digest.h"
#include "metadata/model/metadata.h"

struct json;
struct json_writer;

/* Of that form: what a version of the metadata is known by (its etag). STATUS_RESOURCE_EXHAUSTED:
 * no memory. */
MUST_USE enum status metadata_digest(const struct metadata *metadata, struct digest *ret_digest);

/* What metadata_from_json() and metadata_validate() together accept, as JSON Schema. Lengths there
 * are of characters and here of bytes: a text beyond ASCII may be too long sooner. */
#define METADATA_JSON_SCHEMA                                                                       \
    "{\"type\":\"object\",\"required\":[\"title\"],\"properties\":{"                               \
    "\"id\":{\"type\":[\"string\",\"null\"],\"maxLength\":128,"                                    \
    "\"description\":\"May stand in the query instead\"},"                                         \
    "\"title\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":512},"                           \
    "\"description\":{\"type\":[\"string\",\"null\"],\"maxLength\":16384},"                        \
    "\"director\":{\"type\":[\"string\",\"null\"],\"maxLength\":512},"                             \
    "\"year\":{\"description\":\"0: not known\",\"anyOf\":[{\"type\":\"integer\","                 \
    "\"minimum\":1870,\"maximum\":2200},{\"enum\":[0,null]}]},"                                    \
    "\"genres\":{\"type\":[\"array\",\"null\"],\"maxItems\":32,\"items\":{\"type\":\"string\","    \
    "\"minLength\":1,\"maxLength\":64,\"pattern\":\"^[^\\u0000-\\u001f\\u007f]*$\"}},"             \
    "\"imdbId\":{\"type\":[\"string\",\"null\"],\"maxLength\":32},"                                \
    "\"tmdbId\":{\"type\":[\"string\",\"null\"],\"maxLength\":32},"                                \
    "\"popularity\":{\"type\":[\"integer\",\"null\"],\"minimum\":0,\"maximum\":4294967295},"       \
    "\"externalScores\":{\"type\":[\"array\",\"null\"],\"maxItems\":8,\"description\":\"One of a " \
    "source\",\"items\":{"                                                                         \
    "\"type\":\"object\",\"required\":[\"source\",\"value\"],\"properties\":{\"source\":{"         \
    "\"type\":\"string\","                                                                         \
    "\"pattern\":\"^[a-z0-9_-]{1,32}$\"},\"value\":{\"type\":\"number\",\"minimum\":0,"            \
    "\"maximum\":10},"                                                                             \
    "\"votes\":{\"type\":[\"integer\",\"null\"],\"minimum\":0,\"maximum\":4294967295}}}}}}"

void metadata_write_json(struct json_writer *writer, const struct metadata *metadata);

/* Reads an object of that form; texts are valid in the call's arena. Unknown members are passed
 * over. STATUS_INVALID_ARGUMENT: not an object, or a member of the wrong kind; the call's error
 * names it. STATUS_RESOURCE_EXHAUSTED: no room in the arena. */
MUST_USE enum status metadata_from_json(struct call *call, const struct json *json,
                                        struct metadata *ret_metadata);
