/* temporary_directory.h: a directory for one test. */
#pragma once

#include "base/text.h"

enum { TEMPORARY_DIRECTORY_BYTES = 64 };

struct temporary_directory {
    char path[TEMPORARY_DIRECTORY_BYTES];
};

/* A new, empty directory. Ends the program when none can be made. */
void temporary_directory_create(struct temporary_directory *directory);

/* Removes it and everything below it. */
void temporary_directory_remove(struct temporary_directory *directory);

static inline struct text temporary_directory_path(const struct temporary_directory *directory)
{
    return text_of(directory->path);
}
