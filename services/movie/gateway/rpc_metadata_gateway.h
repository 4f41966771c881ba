/* rpc_metadata_gateway.h: the methods of MetadataService that every metadata gateway calls alike.
 *
 * state: begins with a struct gateway_rpc. As the operations of metadata_gateway.h. */
#pragma once

#include "movie/gateway/gateway_rpc.h"
#include "movie/gateway/metadata_gateway.h"

enum status rpc_metadata_get_all(void *state, struct call *call, const struct text *movie_ids,
                                 size_t count, struct metadata **ret_entries, size_t *ret_count);
enum status rpc_metadata_search(void *state, struct call *call, struct text query, size_t limit,
                                struct movie_match **ret_matches, size_t *ret_count);
enum status rpc_metadata_look_up(void *state, struct call *call, const struct movie_lookup *lookups,
                                 size_t count, struct movie_found **ret_found);
