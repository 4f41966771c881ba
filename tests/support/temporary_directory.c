#include "support/temporary_directory.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OPEN_DIRECTORIES_MAX = 16 };

void temporary_directory_create(struct temporary_directory *directory)
{
    *directory = (struct temporary_directory){.path = "/tmp/marquee-test-XXXXXX"};
    CHECK(mkdtemp(directory->path) != NULL);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

void temporary_directory_remove(struct temporary_directory *directory)
{
    CHECK(nftw(directory->path, remove_entry, OPEN_DIRECTORIES_MAX, FTW_DEPTH | FTW_PHYS) == 0);
}
