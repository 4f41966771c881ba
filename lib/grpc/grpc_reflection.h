/* grpc_reflection.h: server reflection, from the descriptor sets of the server's own pool
 * (grpc/grpc doc/server-reflection.md). */
#pragma once

#include "grpc/grpc_method.h"

struct grpc_server;

enum { GRPC_REFLECTION_FILES_MAX = 256 }; /* in one answer: a file and all it imports */

/* v1, or the same under its older name. The state is the server. */
struct grpc_service grpc_reflection_service(struct grpc_server *server);
struct grpc_service grpc_reflection_alpha_service(struct grpc_server *server);
