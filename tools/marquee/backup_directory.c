#include "marquee/backup_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store_directory.h"

enum { OPEN_FILES_MAX = 16 /* while it is removed */ };

static enum status fail(struct call *call, enum status status,
                        const struct backup_directory *directory, int number)
{
    return call_fail(call, status, "%s: %s", directory->path, strerrordesc_np(number));
}

enum status backup_directory_make(struct call *call, struct text path,
                                  struct backup_directory *ret_directory)
{
    struct backup_directory *directory = ret_directory;
    while (path.length > 1 && text_ends_with(path, TEXT("/"))) {
        path = text_slice(path, 0, path.length - 1);
    }
    int length = snprintf(directory->partial, sizeof(directory->partial), "%.*s.partial-XXXXXX",
                          TEXT_ARGUMENTS(path));
    if (!text_to_c_string(path, directory->path, sizeof(directory->path)) || length <= 0 ||
        (size_t)length >= sizeof(directory->partial)) {
        directory->partial[0] = '\0';
        return call_fail(call, STATUS_FAILED_PRECONDITION, "the path is too long");
    }
    struct store_error error;
    enum status status =
        store_directory_create(store_directory_of(text_of(directory->path)), &error);
    if (status != STATUS_OK) {
        directory->partial[0] = '\0';
        return call_fail(call, status, "%s: %s", error.message, error.detail);
    }
    int number = access(directory->path, F_OK) == 0    ? EEXIST
                 : mkdtemp(directory->partial) == NULL ? errno
                                                       : 0;
    if (number != 0) {
        directory->partial[0] = '\0';
        return fail(call, number == EEXIST ? STATUS_ALREADY_EXISTS : STATUS_FAILED_PRECONDITION,
                    directory, number);
    }
    return STATUS_OK;
}

enum status backup_directory_finish(struct call *call, struct backup_directory *directory)
{
    struct store_error error = {.message = ""};
    enum status status = store_directory_sync(text_of(directory->partial), &error);
    if (status == STATUS_OK &&
        renameat2(AT_FDCWD, directory->partial, AT_FDCWD, directory->path, RENAME_NOREPLACE) != 0) {
        return fail(call, errno == EEXIST ? STATUS_ALREADY_EXISTS : STATUS_UNAVAILABLE, directory,
                    errno);
    }
    if (status == STATUS_OK) {
        directory->partial[0] = '\0';
        status = store_directory_sync(store_directory_of(text_of(directory->path)), &error);
    }
    return status == STATUS_OK ? STATUS_OK
                               : call_fail(call, status, "%s: %s", error.message, error.detail);
}

static int remove_entry(const char *path, const struct stat *entry, int kind, struct FTW *walk)
{
    (void)entry;
    (void)kind;
    (void)walk;
    return remove(path);
}

void backup_directory_discard(struct backup_directory *directory)
{
    if (directory->partial[0] != '\0') {
        /* What stays is called partial. */
        (void)nftw(directory->partial, remove_entry, OPEN_FILES_MAX, FTW_DEPTH | FTW_PHYS);
        directory->partial[0] = '\0';
    }
}
