#include "store/store_error.h"

#include <stdarg.h>
#include <stdio.h>

enum status store_fail(struct store_error *error, enum status status, const char *message,
                       const char *detail_format, ...)
{
    va_list arguments;
    va_start(arguments, detail_format);
    /* Cut where too long: the words only explain the status. */
    (void)snprintf(error->message, sizeof(error->message), "%s", message);
    (void)vsnprintf(error->detail, sizeof(error->detail), detail_format, arguments);
    va_end(arguments);
    return status;
}

enum status store_error_report(const struct store_error *error, struct call *call,
                               enum status status)
{
    if (error->detail[0] != '\0') {
        (void)call_fail_detail(call, status, "%s", error->detail);
    }
    return error->message[0] != '\0' ? call_fail(call, status, "%s", error->message) : status;
}
