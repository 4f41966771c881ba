#include "support/scratch_directory.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

enum { OPEN_FOLDERS_MAX = 16 };

void scratch_directory_make(char path[static SCRATCH_PATH_BYTES])
{
    const char *parent = getenv("TMPDIR");
    int length =
        snprintf(path, SCRATCH_PATH_BYTES, "%s/marquee-XXXXXX", parent != NULL ? parent : "/tmp");
    if (length >= SCRATCH_PATH_BYTES) {
        length = snprintf(path, SCRATCH_PATH_BYTES, "/tmp/marquee-XXXXXX");
    }
    CHECK(length > 0 && mkdtemp(path) != NULL);
}

static int remove_entry(const char *path, const struct stat *entry, int kind, struct FTW *walk)
{
    (void)entry;
    (void)kind;
    (void)walk;
    return remove(path);
}

void scratch_directory_remove(const char *path)
{
    CHECK(nftw(path, remove_entry, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS) == 0);
}
