/* Any bytes as JSON, and as the JSON of a message: what is taken must be written so that it reads
 * back the same. The first byte chooses the type, the flags and the memory. */
#include "unit/proto/shapes_fixture.h"
#include "json/json.h"
#include "json/proto_json.h"

static void write_value(struct json_writer *writer, const struct json *value)
{
    size_t position = 0;
    struct text name;
    const struct json *member;
    switch (json_kind(value)) {
    case JSON_ABSENT:
    case JSON_NULL:
        json_write_null(writer);
        break;
    case JSON_BOOLEAN:
        json_write_boolean(writer, json_boolean(value));
        break;
    case JSON_INTEGER:
        json_write_integer(writer, json_integer(value));
        break;
    case JSON_REAL:
        json_write_number(writer, json_number(value));
        break;
    case JSON_STRING:
        json_write_string(writer, json_string(value));
        break;
    case JSON_ARRAY:
        json_open_array(writer);
        for (size_t i = 0; i < json_length(value); i++) {
            write_value(writer, json_at(value, i));
        }
        json_close_array(writer);
        break;
    case JSON_OBJECT:
        json_open_object(writer);
        while (json_next_member(value, &position, &name, &member)) {
            json_write_name(writer, name);
            write_value(writer, member);
        }
        json_close_object(writer);
        break;
    }
}

/* Reads, writes, reads and writes: both writings must be equal. */
static void check_value(struct shapes *shapes, struct text text)
{
    const struct json *value;
    struct json_writer writer;
    struct buffer again;
    if (json_parse(&shapes->call, text, &value) != STATUS_OK) {
        return;
    }
    buffer_init(&again, SHAPES_ARENA_BYTES);
    json_writer_init(&writer, &shapes->buffer);
    write_value(&writer, value);
    CHECK(json_writer_end(&writer));
    CHECK(json_parse(&shapes->call, buffer_text(&shapes->buffer), &value) == STATUS_OK);
    json_writer_init(&writer, &again);
    write_value(&writer, value);
    CHECK(json_writer_end(&writer));
    CHECK(text_equal(buffer_text(&shapes->buffer), buffer_text(&again)));
    buffer_deinit(&again);
}

static void check_message(struct shapes *shapes, const struct proto_type *type, struct text text,
                          unsigned flags)
{
    ProtobufCMessage *message;
    struct buffer first;
    struct buffer second;
    if (proto_json_decode(&shapes->call, type, text, flags, &message) != STATUS_OK) {
        return;
    }
    buffer_init(&first, SHAPES_ARENA_BYTES);
    buffer_init(&second, SHAPES_ARENA_BYTES);
    CHECK(proto_validate(&shapes->call, type, message) == STATUS_OK);
    enum status status = proto_json_encode(&shapes->call, type, message, 0, &first);
    if (status == STATUS_OK) {
        ProtobufCMessage *read;
        status = proto_json_decode(&shapes->call, type, buffer_text(&first), 0, &read);
        /* "1" and "01" are one key of a map. */
        CHECK(status == STATUS_OK || status == STATUS_INVALID_ARGUMENT);
        if (status == STATUS_OK) {
            CHECK(proto_json_encode(&shapes->call, type, read, 0, &second) == STATUS_OK);
            CHECK(text_equal(buffer_text(&first), buffer_text(&second)));
        }
    }
    buffer_deinit(&first);
    buffer_deinit(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"shapes.All", "shapes.WellKnown", "shapes.Maps",
                                        "google.protobuf.Value"};
    static void *state; /* made once: a pool costs as much as a hundred inputs */
    if (size == 0) {
        return 0;
    }
    struct text text = text_of_bytes(data + 1, size - 1);
    if (state == NULL) {
        shapes_set_up(&state);
    }
    struct shapes *shapes = state;
    size_t arena_bytes = (data[0] & 0x80) != 0 ? size * 40 : SHAPES_ARENA_BYTES;
    shapes_reset(shapes, arena_bytes);
    if (arena_bytes == SHAPES_ARENA_BYTES) {
        check_value(shapes, text);
        shapes_reset(shapes, arena_bytes);
        check_message(shapes, shapes_type(shapes, types[data[0] % ARRAY_LENGTH(types)]), text,
                      (data[0] & 0x40) != 0 ? PROTO_JSON_IGNORE_UNKNOWN : 0);
    } else {
        const struct json *value;
        enum status status = json_parse(&shapes->call, text, &value);
        CHECK(status == STATUS_OK || status == STATUS_INVALID_ARGUMENT ||
              status == STATUS_RESOURCE_EXHAUSTED);
    }
    return 0;
}
