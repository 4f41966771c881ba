#include "marquee/import_files.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/arena.h"

static bool is_folder(struct text path)
{
    struct stat entry;
    return stat(path.data, &entry) == 0 && S_ISDIR(entry.st_mode);
}

/* Whether a regular file begins as an archive does, also one without entries. */
static bool begins_as_archive(FILE *file)
{
    char magic[4] = "";
    bool is_archive = fread(magic, 1, sizeof(magic), file) == sizeof(magic) &&
                      (memcmp(magic, "PK\003\004", sizeof(magic)) == 0 ||
                       memcmp(magic, "PK\005\006", sizeof(magic)) == 0);
    return fseeko(file, 0, SEEK_SET) == 0 && is_archive;
}

enum status import_files_open(struct call *call, struct text path, struct import_files *ret_files)
{
    struct import_files files = {.path = path, .is_folder = is_folder(path)};
    if (files.is_folder || text_equal(path, TEXT("-"))) {
        *ret_files = files;
        return STATUS_OK;
    }
    enum status status = file_source_open(call, path.data, &files.archive);
    if (status != STATUS_OK) {
        return status;
    }
    files.is_archive = begins_as_archive(files.archive.file);
    if (files.is_archive) {
        struct call within = call_within(call, 0);
        status = zip_reader_open(&within, files.archive.file, &files.zip);
        if (status != STATUS_OK) {
            status = call_fail(call, status, "%.*s: %.*s", TEXT_ARGUMENTS(path),
                               TEXT_ARGUMENTS(within.error.message));
        }
    }
    if (!files.is_archive || status != STATUS_OK) {
        file_source_close(&files.archive);
    }
    if (status == STATUS_OK) {
        *ret_files = files;
    }
    return status;
}

void import_files_close(struct import_files *files)
{
    if (files->is_archive) {
        zip_reader_close(&files->zip);
        file_source_close(&files->archive);
    }
}

/* data NULL: no memory. */
static struct text path_of(struct call *call, const struct import_files *files, struct text name)
{
    return files->is_folder ? arena_format(call->arena, "%.*s/%.*s", TEXT_ARGUMENTS(files->path),
                                           TEXT_ARGUMENTS(name))
                            : files->path;
}

bool import_files_have(const struct import_files *files, struct text name)
{
    struct arena arena;
    struct call call;
    struct stat entry;
    if (files->is_archive) {
        return zip_reader_find(&files->zip, name) != NULL;
    }
    if (!files->is_folder) {
        return false;
    }
    arena_init(&arena, ARENA_CHUNK_BYTES * 2);
    call_init(&call, &arena, 0);
    struct text path = path_of(&call, files, name);
    bool is_there = path.data != NULL && stat(path.data, &entry) == 0 && S_ISREG(entry.st_mode);
    arena_deinit(&arena);
    return is_there;
}

/* The raw bytes with those that were looked at. */
static enum status read_raw(void *state, struct call *call, char *buffer, size_t size,
                            size_t *ret_length)
{
    struct import_file *file = state;
    size_t left = file->magic_length - file->magic_taken;
    if (left == 0 || size == 0) {
        struct byte_source raw = file_source_bytes(&file->raw);
        return raw.read(raw.state, call, buffer, size, ret_length);
    }
    size_t length = left < size ? left : size;
    memcpy(buffer, file->magic + file->magic_taken, length);
    file->magic_taken += length;
    *ret_length = length;
    return STATUS_OK;
}

static enum status read_fully(struct byte_source source, struct call *call, char *buffer,
                              size_t size, size_t *ret_length)
{
    enum status status = STATUS_OK;
    size_t length = 1;
    *ret_length = 0;
    while (status == STATUS_OK && length > 0 && *ret_length < size) {
        status = source.read(source.state, call, buffer + *ret_length, size - *ret_length, &length);
        *ret_length += status == STATUS_OK ? length : 0;
    }
    return status;
}

static enum status read_behind_head(void *state, struct call *call, char *buffer, size_t size,
                                    size_t *ret_length)
{
    struct import_file *file = state;
    size_t left = file->head.length - file->head_taken;
    if (left == 0) {
        return file->inner.read(file->inner.state, call, buffer, size, ret_length);
    }
    size_t length = left < size ? left : size;
    memcpy(buffer, file->head.data + file->head_taken, length);
    file->head_taken += length;
    *ret_length = length;
    return STATUS_OK;
}

static enum status open_raw(struct call *call, const struct import_files *files, struct text name,
                            struct import_file *file)
{
    struct text path = path_of(call, files, name);
    if (path.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a path");
    }
    enum status status = file_source_open(call, path.data, &file->raw);
    if (status != STATUS_OK) {
        return status;
    }
    file->is_raw_open = true;
    file->size = file->raw.size;
    file->done = &file->raw.done;
    struct byte_source raw = file_source_bytes(&file->raw);
    status = read_fully(raw, call, file->magic, sizeof(file->magic), &file->magic_length);
    if (status != STATUS_OK) {
        return status;
    }
    file->inner = (struct byte_source){read_raw, file};
    if (file->magic_length == sizeof(file->magic) && memcmp(file->magic, "\x1f\x8b", 2) == 0) {
        const struct zlib_source_options options = {.kind = ZLIB_GZIP, .source = file->inner};
        status = zlib_source_create(call, &options, &file->gzip);
        file->inner = status == STATUS_OK ? zlib_source_bytes(file->gzip) : file->inner;
    }
    return status;
}

static enum status open_entry(struct call *call, const struct import_files *files, struct text name,
                              struct import_file *file)
{
    const struct zip_entry *entry = zip_reader_find(&files->zip, name);
    if (entry == NULL) {
        return call_fail(call, STATUS_NOT_FOUND, "there is no such file in the archive");
    }
    enum status status = zip_entry_open(call, &files->zip, entry, &file->entry);
    if (status == STATUS_OK) {
        file->is_entry_open = true;
        file->size = entry->compressed_size;
        file->done = &file->entry.done;
        file->inner = file->entry.bytes;
    }
    return status;
}

/* The last part of the path, which ends in NUL. */
static const char *name_of_path(struct text path)
{
    const char *slash = strrchr(path.data, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path.data;
}

enum status import_file_open(struct call *call, const struct import_files *files, struct text name,
                             struct import_file *ret_file)
{
    struct call within = call_within(call, 0);
    size_t head_length = 0;
    *ret_file =
        (struct import_file){.name = name.length > 0 ? name.data : name_of_path(files->path)};
    enum status status = files->is_archive ? open_entry(&within, files, name, ret_file)
                                           : open_raw(&within, files, name, ret_file);
    if (status == STATUS_OK) {
        status = read_fully(ret_file->inner, &within, ret_file->head_bytes, IMPORT_HEAD_BYTES,
                            &head_length);
    }
    if (status != STATUS_OK) {
        import_file_close(ret_file);
        return call_fail(call, status, "%s: %.*s", ret_file->name,
                         TEXT_ARGUMENTS(within.error.message));
    }
    ret_file->head = text_of_bytes(ret_file->head_bytes, head_length);
    if (text_starts_with(ret_file->head, TEXT("\xef\xbb\xbf"))) { /* a byte order mark */
        ret_file->head = text_slice(ret_file->head, 3, head_length);
    }
    ret_file->bytes = (struct byte_source){read_behind_head, ret_file};
    return STATUS_OK;
}

enum status import_file_limit(struct import_file *file, struct call *call, uint64_t from,
                              uint64_t end)
{
    if (!file->is_raw_open || file->gzip != NULL) {
        return call_fail(call, STATUS_FAILED_PRECONDITION,
                         "%s is compressed, so that it cannot be read in parts", file->name);
    }
    file->head_taken = file->head.length;
    file->magic_taken = file->magic_length;
    return file_source_limit(&file->raw, call, from, end);
}

void import_file_close(struct import_file *file)
{
    zlib_source_destroy(file->gzip);
    file->gzip = NULL;
    if (file->is_entry_open) {
        zip_entry_close(&file->entry);
        file->is_entry_open = false;
    }
    if (file->is_raw_open) {
        file_source_close(&file->raw);
        file->is_raw_open = false;
    }
}
