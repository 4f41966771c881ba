/* own_directory.h: the programs that are installed beside this one. */
#pragma once

#include "base/call.h"

/* The path of /proc/self/exe's neighbour of that name, or for an empty name of this program itself;
 * valid in the call's arena, with NUL. STATUS_NOT_FOUND: there is none, or it cannot be run. */
MUST_USE enum status own_directory_program(struct call *call, struct text name,
                                           struct text *ret_path);
