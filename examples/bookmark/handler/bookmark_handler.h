/* bookmark_handler.h: BookmarkService of bookmark.proto over the controller (borrowed). */
#pragma once

#include "bookmark/controller/bookmark_controller.h"
#include "grpc/grpc_method.h"

struct grpc_service bookmark_handler_service(struct bookmark_controller *controller);
