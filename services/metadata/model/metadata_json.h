/* metadata_json.h: the plain JSON form of metadata, as the HTTP contract gives it (api/http.md):
 * {"id","title","description","director"} always, year, genres, imdbId, tmdbId, popularity and
 * externalScores ([{"source","value","votes"}]) where known. */
#pragma once

#include "metadata/model/metadata.h"

struct json;
struct json_writer;

void metadata_write_json(struct json_writer *writer, const struct metadata *metadata);

/* Reads an object of that form; texts are valid in the call's arena. Unknown members are passed
 * over. STATUS_INVALID_ARGUMENT: not an object, or a member of the wrong kind; the call's error
 * names it. STATUS_RESOURCE_EXHAUSTED: no room in the arena. */
MUST_USE enum status metadata_from_json(struct call *call, const struct json *json,
                                        struct metadata *ret_metadata);
