/* access_rule.h: which scope each method and route needs: one table for all services. */
#pragma once

#include "access/access_scope.h"

/* What no rule names needs ACCESS_ADMIN, and is told of when a process starts. */
struct access_rule {
    const char *method; /* of a route: "PUT"; NULL: `path` is a method of gRPC */
    const char *path;   /* "/rating"; "/RatingService/PutRating"; "/assets/" and '*': all below */
    enum access_scope scope;
};
