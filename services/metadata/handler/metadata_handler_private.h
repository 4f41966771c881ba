/* metadata_handler_private.h: methods of MetadataService that stand in files of their own. */
#pragma once

#include "base/call.h"

/* state: struct metadata_controller. Of grpc_unary_fn. */
enum status metadata_handle_match(void *state, struct call *call, const void *request,
                                  void *response);
enum status metadata_handle_list_changes(void *state, struct call *call, const void *request,
                                         void *response);
