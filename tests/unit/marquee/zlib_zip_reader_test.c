/* Archives that are made here, whole and wrong in every way that is looked for. */
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "marquee/zip_reader.h"
#include "support/cmocka_test.h"

enum {
    ARENA_BYTES = 64 * 1024,
    ARCHIVE_BYTES_MAX = 16 * 1024 * 1024,
    ENTRY_BYTES = 46,
    END_BYTES = 22,
    /* Places in an entry of the directory. */
    ENTRY_FLAGS = 8,
    ENTRY_METHOD = 10,
    ENTRY_CRC = 16,
    ENTRY_COMPRESSED = 20,
    ENTRY_SIZE = 24,
    ENTRY_NAME_LENGTH = 28,
    ENTRY_OFFSET = 42,
    /* Places in the record at the end. */
    END_DISK = 4,
    END_COUNT_HERE = 8,
    END_COUNT = 10,
    END_DIRECTORY_BYTES = 12,
    END_DIRECTORY = 16,
};

struct member {
    const char *name;
    struct text content;
    bool is_deflated;
};

struct archive {
    struct buffer bytes;
    struct buffer directory;
    size_t count;
};

static void add_u16(struct buffer *buffer, unsigned value)
{
    assert_true(buffer_append_byte(buffer, (char)(value & 0xff)));
    assert_true(buffer_append_byte(buffer, (char)(value >> 8 & 0xff)));
}

static void add_u32(struct buffer *buffer, size_t value)
{
    add_u16(buffer, (unsigned)(value & 0xffff));
    add_u16(buffer, (unsigned)(value >> 16 & 0xffff));
}

static void deflate_into(struct text content, struct buffer *buffer)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)content.data,
                       .avail_in = (uInt)content.length};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&stream, content.length);
    stream.next_out = (Bytef *)buffer_reserve(buffer, room);
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    buffer_extend(buffer, stream.total_out);
    assert_int_equal(deflateEnd(&stream), Z_OK);
}

/* What both headers have, from the version needed on. */
static void add_common(struct buffer *buffer, const struct member *member, size_t compressed)
{
    add_u16(buffer, 20);
    add_u16(buffer, 0);
    add_u16(buffer, member->is_deflated ? 8 : 0);
    add_u32(buffer, 0);
    add_u32(buffer, crc32(0, (const Bytef *)member->content.data, (uInt)member->content.length));
    add_u32(buffer, compressed);
    add_u32(buffer, member->content.length);
    add_u16(buffer, (unsigned)strlen(member->name));
}

static void add(struct archive *archive, const struct member *member)
{
    struct buffer data;
    size_t offset = archive->bytes.length;
    buffer_init(&data, ARCHIVE_BYTES_MAX);
    if (member->is_deflated) {
        deflate_into(member->content, &data);
    } else {
        assert_true(buffer_append(&data, member->content));
    }
    add_u32(&archive->bytes, 0x04034b50);
    add_common(&archive->bytes, member, data.length);
    add_u16(&archive->bytes, 3); /* an extra field, which the directory does not have */
    assert_true(buffer_append(&archive->bytes, text_of(member->name)));
    assert_true(buffer_append(&archive->bytes, TEXT("xyz")));
    assert_true(buffer_append(&archive->bytes, buffer_text(&data)));
    add_u32(&archive->directory, 0x02014b50);
    add_u16(&archive->directory, 20);
    add_common(&archive->directory, member, data.length);
    add_u16(&archive->directory, 0);
    add_u16(&archive->directory, 2); /* a comment */
    add_u16(&archive->directory, 0);
    add_u16(&archive->directory, 0);
    add_u32(&archive->directory, 0);
    add_u32(&archive->directory, offset);
    assert_true(buffer_append(&archive->directory, text_of(member->name)));
    assert_true(buffer_append(&archive->directory, TEXT("ok")));
    archive->count++;
    buffer_deinit(&data);
}

static void begin(struct archive *archive)
{
    *archive = (struct archive){.count = 0};
    buffer_init(&archive->bytes, ARCHIVE_BYTES_MAX);
    buffer_init(&archive->directory, ARCHIVE_BYTES_MAX);
}

/* Where the directory is in the archive's bytes. */
static size_t end(struct archive *archive, struct text comment)
{
    size_t offset = archive->bytes.length;
    assert_true(buffer_append(&archive->bytes, buffer_text(&archive->directory)));
    add_u32(&archive->bytes, 0x06054b50);
    add_u32(&archive->bytes, 0);
    add_u16(&archive->bytes, (unsigned)archive->count);
    add_u16(&archive->bytes, (unsigned)archive->count);
    add_u32(&archive->bytes, archive->directory.length);
    add_u32(&archive->bytes, offset);
    add_u16(&archive->bytes, (unsigned)comment.length);
    assert_true(buffer_append(&archive->bytes, comment));
    return offset;
}

static void destroy(struct archive *archive)
{
    buffer_deinit(&archive->bytes);
    buffer_deinit(&archive->directory);
}

static FILE *to_file(struct text bytes)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.length, file), bytes.length);
    assert_int_equal(fflush(file), 0);
    return file;
}

/* The content of the entry of that name, or the words of what went wrong, in the arena. */
static struct text read_entry(struct call *call, FILE *file, const char *name)
{
    struct zip_reader reader;
    struct zip_entry_source source;
    struct buffer content;
    struct text result;
    if (zip_reader_open(call, file, &reader) != STATUS_OK) {
        return call->error.message;
    }
    const struct zip_entry *entry = zip_reader_find(&reader, text_of(name));
    if (entry == NULL) {
        zip_reader_close(&reader);
        return TEXT("none");
    }
    buffer_init(&content, ARCHIVE_BYTES_MAX);
    enum status status = zip_entry_open(call, &reader, entry, &source);
    if (status == STATUS_OK) {
        status = byte_source_read_all(source.bytes, call, &content);
        zip_entry_close(&source);
    }
    result =
        status == STATUS_OK ? arena_copy(call->arena, buffer_text(&content)) : call->error.message;
    buffer_deinit(&content);
    zip_reader_close(&reader);
    return result;
}

static void expect(struct text archive, const char *name, const char *want)
{
    struct arena arena;
    struct call call;
    FILE *file = to_file(archive);
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    struct text got = read_entry(&call, file, name);
    if (!text_equal(got, text_of(want))) {
        fail_msg("%s: '%.*s', not '%s'", name, TEXT_ARGUMENTS(got), want);
    }
    arena_deinit(&arena);
    assert_int_equal(fclose(file), 0);
}

static const struct member members[] = {
    {"deep/er/ratings.csv", TEXT_INIT("deep"), false},
    {"set/ratings.csv", TEXT_INIT("userId,movieId\nuserId,movieId\nuserId,movieId\n"), true},
    {"set/movies.csv", TEXT_INIT("stored"), false},
    {"../../../etc/passwd", TEXT_INIT("harmless"), true},
    {"empty.csv", TEXT_INIT(""), true},
    {"nothing.csv", TEXT_INIT(""), false},
    {"", TEXT_INIT("no name"), false},
};

static size_t make(struct archive *archive, struct text comment)
{
    begin(archive);
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        add(archive, &members[i]);
    }
    return end(archive, comment);
}

static void entries_are_read(void **state)
{
    static const struct text comments[] = {TEXT_INIT(""), TEXT_INIT("a comment"),
                                           TEXT_INIT("PK\005\006 in it, and more than 22 bytes")};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(comments); i++) {
        struct archive archive;
        (void)make(&archive, comments[i]);
        struct text bytes = buffer_text(&archive.bytes);
        expect(bytes, "ratings.csv", members[1].content.data);
        expect(bytes, "movies.csv", "stored");
        expect(bytes, "passwd", "harmless");
        expect(bytes, "empty.csv", "");
        expect(bytes, "nothing.csv", "");
        expect(bytes, "set/movies.csv", "none");
        expect(bytes, "links.csv", "none");
        destroy(&archive);
    }
}

/* What is patched: at a place in the entry of movies.csv (stored) or ratings.csv (deflated) in the
 * directory, or in the record at the end. */
enum part { STORED, DEFLATED, END };

static const struct {
    const char *name;
    enum part part;
    size_t place;
    size_t bytes;
    uint32_t value;
    const char *want;
} patches[] = {
    {"crc", STORED, ENTRY_CRC, 4, 1, "its checksum is not the archive's"},
    {"crc, deflated", DEFLATED, ENTRY_CRC, 4, 1, "its checksum is not the archive's"},
    {"says less, deflated", DEFLATED, ENTRY_SIZE, 4, 20, "it is longer than the archive says"},
    {"says more, deflated", DEFLATED, ENTRY_SIZE, 4, 100, "it is not as long as the archive says"},
    {"two sizes", STORED, ENTRY_SIZE, 4, 5,
     "the archive is damaged: an entry that is stored has two sizes"},
    {"a bomb", DEFLATED, ENTRY_SIZE, 4, 1U << 30,
     "the archive is damaged: an entry is larger than its data can become"},
    {"cut data", DEFLATED, ENTRY_COMPRESSED, 4, 10, "it is cut off"},
    {"not deflated", STORED, ENTRY_METHOD, 2, 8, "it is cut off"},
    {"encrypted", STORED, ENTRY_FLAGS, 2, 1, "it is encrypted"},
    {"another method", STORED, ENTRY_METHOD, 2, 12, "it is compressed by method 12, not deflate"},
    {"zip64 entry", STORED, ENTRY_SIZE, 4, UINT32_MAX, "entries past 4 GiB (ZIP64) are not taken"},
    {"offset past the end", STORED, ENTRY_OFFSET, 4, 0x7fffffff,
     "the archive is damaged: an entry is not within it"},
    {"offset elsewhere", STORED, ENTRY_OFFSET, 4, 1,
     "the archive is damaged: where an entry should be is something else"},
    {"data past the end", STORED, ENTRY_COMPRESSED, 4, 0x7fffffff,
     "the archive is damaged: an entry that is stored has two sizes"},
    {"data past the end, deflated", DEFLATED, ENTRY_COMPRESSED, 4, 0x7fffffff,
     "the archive is damaged: an entry is not within it"},
    {"a name past the directory", STORED, ENTRY_NAME_LENGTH, 2, 0xffff,
     "the archive is damaged: an entry reaches past its directory"},
    {"no entry", STORED, 0, 4, 0,
     "the archive is damaged: its directory has fewer entries than it says"},
    {"several parts", END, END_DISK, 2, 1, "archives in several parts are not taken"},
    {"other parts", END, END_COUNT_HERE, 2, 1, "archives in several parts are not taken"},
    {"zip64", END, END_COUNT, 2, 0xffff, "archives past 4 GiB (ZIP64) are not taken"},
    {"a directory elsewhere", END, END_DIRECTORY, 4, 0x7fffffff,
     "the archive is damaged: its directory is not within it"},
    {"a directory that is too long", END, END_DIRECTORY_BYTES, 4, 100000,
     "the archive is damaged: its directory is not within it"},
    {"a directory that is too short", END, END_DIRECTORY_BYTES, 4, 10,
     "the archive is damaged: its directory has fewer entries than it says"},
    {"a directory that is too large", END, END_DIRECTORY_BYTES, 4, ZIP_DIRECTORY_BYTES_MAX + 1,
     "the archive has more than 4096 entries, or 4194304 bytes of names"},
};

static size_t place_of(const struct archive *archive, size_t directory, enum part part)
{
    size_t at = directory;
    size_t index = part == STORED ? 2 : 1;
    if (part == END) {
        return directory + archive->directory.length;
    }
    for (size_t i = 0; i < index; i++) {
        at += ENTRY_BYTES + strlen(members[i].name) + 2;
    }
    return at;
}

static void wrong_archives_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(patches); i++) {
        struct archive archive;
        size_t directory = make(&archive, TEXT(""));
        size_t at = place_of(&archive, directory, patches[i].part) + patches[i].place;
        print_message("  %s\n", patches[i].name);
        for (size_t j = 0; j < patches[i].bytes; j++) {
            archive.bytes.data[at + j] = (char)(patches[i].value >> (8 * j) & 0xff);
        }
        expect(buffer_text(&archive.bytes),
               patches[i].part == DEFLATED ? "ratings.csv" : "movies.csv", patches[i].want);
        destroy(&archive);
    }
}

/* Cut at every byte it is no archive, and nothing worse. */
static void cut_archives_are_refused(void **state)
{
    struct archive archive;
    (void)state;
    (void)make(&archive, TEXT(""));
    struct text bytes = buffer_text(&archive.bytes);
    for (size_t length = 0; length < bytes.length; length++) {
        expect(text_slice(bytes, 0, length), "movies.csv",
               "it is no ZIP archive, or its end is missing");
    }
    destroy(&archive);
}

static void entries_at_their_limit(void **state)
{
    static const struct member member = {"a", TEXT_INIT(""), false};
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        struct archive archive;
        begin(&archive);
        for (size_t i = 0; i < ZIP_ENTRIES_MAX + extra; i++) {
            add(&archive, &member);
        }
        (void)end(&archive, TEXT(""));
        expect(buffer_text(&archive.bytes), "a",
               extra == 0 ? ""
                          : "the archive has more than 4096 entries, or 4194304 bytes of names");
        destroy(&archive);
    }
}

/* A megabyte of zeros in a kilobyte comes out in chunks, and no further than it says. */
static void what_expands_is_read_in_chunks(void **state)
{
    enum { SIZE = 1024 * 1024 };
    struct archive archive;
    char *zeros = calloc(SIZE, 1);
    (void)state;
    assert_non_null(zeros);
    const struct member member = {"zeros", {zeros, SIZE}, true};
    begin(&archive);
    add(&archive, &member);
    (void)end(&archive, TEXT(""));
    assert_true(archive.bytes.length < SIZE / 500);
    FILE *file = to_file(buffer_text(&archive.bytes));
    struct arena arena;
    struct call call;
    struct zip_reader reader;
    struct zip_entry_source source;
    size_t total = 0;
    size_t length = 1;
    char chunk[1000];
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    assert_int_equal(zip_reader_open(&call, file, &reader), STATUS_OK);
    assert_int_equal(zip_entry_open(&call, &reader, &reader.entries[0], &source), STATUS_OK);
    while (length > 0) {
        assert_int_equal(
            source.bytes.read(source.bytes.state, &call, chunk, sizeof(chunk), &length), STATUS_OK);
        total += length;
    }
    assert_int_equal(total, SIZE);
    zip_entry_close(&source);
    zip_reader_close(&reader);
    arena_deinit(&arena);
    assert_int_equal(fclose(file), 0);
    destroy(&archive);
    free(zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_read),
        cmocka_unit_test(wrong_archives_are_refused),
        cmocka_unit_test(cut_archives_are_refused),
        cmocka_unit_test(entries_at_their_limit),
        cmocka_unit_test(what_expands_is_read_in_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
