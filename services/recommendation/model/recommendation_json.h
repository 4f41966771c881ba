/* recommendation_json.h: the plain JSON form, as the HTTP contract gives it (api/http.md). */
#pragma once

#include "recommendation/model/recommendation.h"

struct json_writer;

/* {"results": [{"id", "score", "foretold" (points), "becauseOf"}], "votes"}; of a result only what
 * there is. How old it is ("modelAgeMs"), whoever replies says. */
void recommendation_list_write_json(struct json_writer *writer,
                                    const struct recommendation_list *list);

/* The same, with its age, as JSON Schema. */
#define RECOMMENDATION_LIST_SCHEMA                                                                 \
    "{\"type\":\"object\",\"required\":[\"results\",\"votes\",\"modelAgeMs\"],\"properties\":{"    \
    "\"results\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"id\","         \
    "\"score\"],"                                                                                  \
    "\"properties\":{\"id\":{\"type\":\"string\"},\"score\":{\"type\":\"number\"},"                \
    "\"foretold\":{\"type\":\"number\",\"description\":\"In points\"},"                            \
    "\"becauseOf\":{\"type\":\"string\"}}}},\"votes\":{\"type\":\"integer\"},"                     \
    "\"modelAgeMs\":{\"type\":\"integer\"}}}"
