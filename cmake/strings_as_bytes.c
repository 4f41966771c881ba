/* strings_as_bytes: rewrites a FileDescriptorSet so that protobuf-c's generator makes every
 * `string` field a `bytes` field, which is the same on the wire.
 *
 *     strings_as_bytes FROM TO
 *
 * Two varints of one byte are changed in place, so that no length moves: a field's type, and the
 * mark of a map entry (a map's key may not be bytes; a map is repeated entries on the wire and in
 * C). A program of the build, on the project's own files: it trusts their form and stops at the
 * first surprise. Numbers are those of google/protobuf/descriptor.proto. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SET_FILE = 1,
    FILE_MESSAGE = 4,
    FILE_EXTENSION = 7,
    MESSAGE_FIELD = 2,
    MESSAGE_NESTED = 3,
    MESSAGE_EXTENSION = 6,
    MESSAGE_OPTIONS = 7,
    OPTIONS_MAP_ENTRY = 7,
    FIELD_TYPE = 5,
    TYPE_STRING = 9,
    TYPE_BYTES = 12,
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_LENGTH = 2,
    WIRE_FIXED32 = 5,
    SET_BYTES_MAX = 16 * 1024 * 1024,
};

enum kind { KIND_SET, KIND_FILE, KIND_MESSAGE, KIND_FIELD, KIND_OPTIONS, KIND_OTHER };

struct cursor {
    unsigned char *at;
    unsigned char *end;
};

static void fail(const char *what)
{
    fprintf(stderr, "strings_as_bytes: %s\n", what);
    exit(EXIT_FAILURE);
}

static uint64_t read_varint(struct cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && cursor->at < cursor->end; shift += 7) {
        unsigned char byte = *cursor->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    fail("a number is cut short");
    return 0;
}

static struct cursor take(struct cursor *cursor, uint64_t length)
{
    if (length > (uint64_t)(cursor->end - cursor->at)) {
        fail("a field is cut short");
    }
    struct cursor part = {cursor->at, cursor->at + length};
    cursor->at += length;
    return part;
}

/* What a length-delimited field of a message of this kind holds. */
static enum kind kind_of(enum kind parent, uint64_t number)
{
    if (parent == KIND_SET && number == SET_FILE) {
        return KIND_FILE;
    }
    if ((parent == KIND_FILE && number == FILE_MESSAGE) ||
        (parent == KIND_MESSAGE && number == MESSAGE_NESTED)) {
        return KIND_MESSAGE;
    }
    if ((parent == KIND_FILE && number == FILE_EXTENSION) ||
        (parent == KIND_MESSAGE && (number == MESSAGE_FIELD || number == MESSAGE_EXTENSION))) {
        return KIND_FIELD;
    }
    return parent == KIND_MESSAGE && number == MESSAGE_OPTIONS ? KIND_OPTIONS : KIND_OTHER;
}

static void rewrite(enum kind kind, struct cursor cursor)
{
    while (cursor.at < cursor.end) {
        uint64_t key = read_varint(&cursor);
        unsigned char *value = cursor.at;
        switch (key & 7) {
        case WIRE_VARINT:
            (void)read_varint(&cursor);
            if (kind == KIND_FIELD && key >> 3 == FIELD_TYPE && *value == TYPE_STRING) {
                *value = TYPE_BYTES;
            } else if (kind == KIND_OPTIONS && key >> 3 == OPTIONS_MAP_ENTRY) {
                *value = 0;
            }
            break;
        case WIRE_FIXED64:
            (void)take(&cursor, 8);
            break;
        case WIRE_FIXED32:
            (void)take(&cursor, 4);
            break;
        case WIRE_LENGTH: {
            uint64_t length = read_varint(&cursor);
            struct cursor part = take(&cursor, length);
            enum kind part_kind = kind_of(kind, key >> 3);
            if (part_kind != KIND_OTHER) {
                rewrite(part_kind, part);
            }
            break;
        }
        default:
            fail("an unknown wire type");
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fail("usage: strings_as_bytes FROM TO");
    }
    FILE *from = fopen(argv[1], "rbe");
    unsigned char *data = malloc(SET_BYTES_MAX);
    if (from == NULL || data == NULL) {
        fail("cannot read the descriptor set");
    }
    size_t size = fread(data, 1, SET_BYTES_MAX, from);
    if (ferror(from) || size == SET_BYTES_MAX) {
        fail("cannot read the descriptor set");
    }
    fclose(from);
    rewrite(KIND_SET, (struct cursor){data, data + size});
    FILE *to = fopen(argv[2], "wbe");
    if (to == NULL || fwrite(data, 1, size, to) != size || fclose(to) != 0) {
        fail("cannot write the descriptor set");
    }
    free(data);
    return EXIT_SUCCESS;
}
