#include "store/store_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status fail_path(struct store_error *error, enum status status, const char *path,
                             int number)
{
    return store_fail(error, status, "the store's folder cannot be used", "%s: %s", path,
                      strerrordesc_np(number));
}

/* A new folder is there after a loss of power only when the one that it is in was synced. */
static enum status make_folder(const char *path, struct store_error *error)
{
    if (mkdir(path, 0700) == 0) {
        return store_directory_sync(store_directory_of(text_of(path)), error);
    }
    return errno == EEXIST ? STATUS_OK : fail_path(error, STATUS_FAILED_PRECONDITION, path, errno);
}

enum status store_directory_create(struct text path, struct store_error *error)
{
    char buffer[PATH_MAX];
    if (path.length == 0 || !text_to_c_string(path, buffer, sizeof(buffer))) {
        return store_fail(error, STATUS_FAILED_PRECONDITION, "the store's folder cannot be used",
                          "its path is empty or too long");
    }
    for (size_t end = 1; end <= path.length; end++) {
        if (end < path.length && buffer[end] != '/') {
            continue;
        }
        char kept = buffer[end];
        buffer[end] = '\0';
        enum status status = make_folder(buffer, error);
        if (status != STATUS_OK) {
            return status;
        }
        buffer[end] = kept;
    }
    struct stat entry;
    if (stat(buffer, &entry) != 0) {
        return fail_path(error, STATUS_FAILED_PRECONDITION, buffer, errno);
    }
    return S_ISDIR(entry.st_mode) ? STATUS_OK
                                  : fail_path(error, STATUS_FAILED_PRECONDITION, buffer, ENOTDIR);
}

enum status store_directory_sync(struct text path, struct store_error *error)
{
    char buffer[PATH_MAX];
    if (!text_to_c_string(path, buffer, sizeof(buffer))) {
        return store_fail(error, STATUS_UNAVAILABLE, "the store's folder cannot be used",
                          "its path is too long");
    }
    int fd = open(buffer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return fail_path(error, STATUS_UNAVAILABLE, buffer, errno);
    }
    int number = fsync(fd) == 0 ? 0 : errno;
    (void)close(fd); /* read only: nothing is lost */
    return number == 0 ? STATUS_OK : fail_path(error, STATUS_UNAVAILABLE, buffer, number);
}

struct text store_directory_of(struct text file_path)
{
    for (size_t at = file_path.length; at > 0; at--) {
        if (file_path.data[at - 1] == '/') {
            return text_slice(file_path, 0, at > 1 ? at - 1 : 1);
        }
    }
    return TEXT(".");
}
