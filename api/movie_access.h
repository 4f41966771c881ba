/* movie_access.h: which scope every method of movie.proto and every route of http.md needs: the one
 * table of them. Who adds a method or a route adds its row; what has none needs `admin`, and a test
 * fails. */
#pragma once

#include "access/access_rule.h"

extern const struct access_rule movie_access_rules[];
extern const size_t movie_access_rule_count;
