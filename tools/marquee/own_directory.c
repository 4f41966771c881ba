#include "marquee/own_directory.h"

#include <limits.h>
#include <unistd.h>

#include "base/arena.h"

enum status own_directory_program(struct call *call, struct text name, struct text *ret_path)
{
    char own[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", own, sizeof(own));
    if (length <= 0 || (size_t)length == sizeof(own)) {
        return call_fail(call, STATUS_NOT_FOUND, "/proc does not say where this program is");
    }
    size_t end = (size_t)length;
    while (name.length > 0 && end > 0 && own[end - 1] != '/') {
        end--;
    }
    struct text path = arena_format(call->arena, "%.*s%.*s", (int)end, own, TEXT_ARGUMENTS(name));
    if (path.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a path");
    }
    if (access(path.data, X_OK) != 0) {
        return call_fail(call, STATUS_NOT_FOUND, "%.*s is not there: is all of Marquee built?",
                         TEXT_ARGUMENTS(path));
    }
    *ret_path = path;
    return STATUS_OK;
}
