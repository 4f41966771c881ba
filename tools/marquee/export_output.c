#include "marquee/export_output.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

static enum status fail(struct session *session, struct text path, const char *words)
{
    return call_fail(&session->call, STATUS_FAILED_PRECONDITION, "%.*s: %s", TEXT_ARGUMENTS(path),
                     words);
}

/* Devices, pipes and links are what they are: they are not replaced. */
static bool is_replaceable(struct text path)
{
    struct stat entry;
    return lstat(path.data, &entry) != 0 ? errno == ENOENT : S_ISREG(entry.st_mode);
}

/* What is there keeps its mode, and what may not be written is not replaced. */
static enum status prepare(struct session *session, struct export_output *output)
{
    struct stat entry;
    if (access(output->path.data, F_OK) != 0) {
        return STATUS_OK;
    }
    if (access(output->path.data, W_OK) != 0 || stat(output->path.data, &entry) != 0 ||
        fchmod(fileno(output->file), entry.st_mode & 07777) != 0) {
        return fail(session, output->path, strerrordesc_np(errno));
    }
    return STATUS_OK;
}

enum status export_output_open(struct session *session, struct text path,
                               struct export_output *ret_output)
{
    struct export_output output = {.file = session->input->output, .path = path};
    if (path.length == 0) {
        *ret_output = output;
        return STATUS_OK;
    }
    if (is_replaceable(path)) {
        output.beside = arena_format(&session->arena, "%.*s.new", TEXT_ARGUMENTS(path));
        if (output.beside.data == NULL) {
            return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a path");
        }
    }
    output.file = fopen(output.beside.length > 0 ? output.beside.data : path.data, "we");
    if (output.file == NULL) {
        return fail(session, path, strerrordesc_np(errno));
    }
    enum status status = output.beside.length > 0 ? prepare(session, &output) : STATUS_OK;
    if (status != STATUS_OK) {
        return export_output_close(session, &output, status);
    }
    *ret_output = output;
    return STATUS_OK;
}

/* Of standard output the end of the command asks. */
enum status export_output_close(struct session *session, struct export_output *output,
                                enum status status)
{
    if (output->path.length == 0) {
        return status;
    }
    bool is_written = ferror(output->file) == 0;
    is_written = fclose(output->file) == 0 && is_written;
    if (status == STATUS_OK && !is_written) {
        status = call_fail(&session->call, STATUS_UNAVAILABLE,
                           "%.*s: not all of it could be written", TEXT_ARGUMENTS(output->path));
    }
    if (output->beside.length == 0) {
        return status;
    }
    if (status == STATUS_OK && rename(output->beside.data, output->path.data) != 0) {
        status = fail(session, output->path, strerrordesc_np(errno));
    }
    if (status != STATUS_OK) {
        (void)unlink(output->beside.data); /* a part of an export is of no use */
    }
    return status;
}
