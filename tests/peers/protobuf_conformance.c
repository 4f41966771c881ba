/* protobuf_conformance: parses and writes what protobuf's conformance runner asks for on stdin, and
 * tells on stdout what came of it; each message stands behind its length, four bytes, the lowest
 * first. Skips, as the runner's rules have it, what Marquee has no code for: proto2, text format
 * and JSPB. */
#include <stdio.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "conformance.pb-c.h"
#include "google/protobuf/test_messages_proto3.pb-c.h"
#include "json/proto_json.h"

enum {
    LENGTH_BYTES = 4,
    MESSAGE_BYTES_MAX = 64 * 1024 * 1024,
    ARENA_BYTES_MAX = 256 * 1024 * 1024,
};

extern const unsigned char marquee_protobuf_conformance_proto_descriptor_set[];
extern const size_t marquee_protobuf_conformance_proto_descriptor_set_size;

struct testee {
    struct proto_pool *pool;
    struct arena arena;
    struct buffer input;
    struct buffer output; /* the payload of a reply, then the reply */
};

/* One request, and what becomes of it. */
struct task {
    struct testee *testee;
    struct call call;
    const Conformance__ConformanceRequest *request;
    Conformance__ConformanceResponse response;
};

static struct proto_pool *create_pool(void)
{
    const struct proto_descriptor_set set = {
        marquee_protobuf_conformance_proto_descriptor_set,
        marquee_protobuf_conformance_proto_descriptor_set_size,
    };
    static const ProtobufCMessageDescriptor *const roots[] = {
        &conformance__conformance_request__descriptor,
        &conformance__conformance_response__descriptor,
        &protobuf_test_messages__proto3__test_all_types_proto3__descriptor,
    };
    struct proto_pool *pool;
    CHECK(proto_pool_create(&set, 1, roots, ARRAY_LENGTH(roots), &pool) == STATUS_OK);
    return pool;
}

/* The members of the response's oneof that are text share their place with its bytes. */
static void set_result(struct task *task, Conformance__ConformanceResponse__ResultCase which,
                       struct text text)
{
    task->response.result_case = which;
    task->response.protobuf_payload = proto_bytes(text);
}

/* NULL: not of the messages that are tested. */
static const struct proto_type *asked_type(const struct task *task)
{
    struct text package = TEXT("protobuf_test_messages.proto3.");
    struct text name = proto_text(task->request->message_type);
    return text_starts_with(name, package) ? proto_pool_find_type(task->testee->pool, name) : NULL;
}

static unsigned parse_flags(const struct task *task)
{
    return task->request->test_category ==
                   CONFORMANCE__TEST_CATEGORY__JSON_IGNORE_UNKNOWN_PARSING_TEST
               ? PROTO_JSON_IGNORE_UNKNOWN
               : PROTO_JSON_DEFAULT;
}

/* false: the task is answered already. */
static bool parse(struct task *task, const struct proto_type *type, ProtobufCMessage **ret_message)
{
    enum status status;
    Conformance__ConformanceRequest__PayloadCase form = task->request->payload_case;
    if (form == CONFORMANCE__CONFORMANCE_REQUEST__PAYLOAD_PROTOBUF_PAYLOAD) {
        status = proto_decode(&task->call, type, proto_text(task->request->protobuf_payload),
                              ret_message);
    } else if (form == CONFORMANCE__CONFORMANCE_REQUEST__PAYLOAD_JSON_PAYLOAD) {
        status = proto_json_decode(&task->call, type, proto_text(task->request->json_payload),
                                   parse_flags(task), ret_message);
    } else {
        set_result(task, CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_SKIPPED,
                   TEXT("neither text format nor JSPB is read here"));
        return false;
    }
    if (status != STATUS_OK) {
        set_result(task, CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_PARSE_ERROR,
                   task->call.error.message);
    }
    return status == STATUS_OK;
}

static void write_json(struct task *task, const struct proto_type *type,
                       const ProtobufCMessage *message)
{
    struct buffer *output = &task->testee->output;
    enum status status = proto_json_encode(&task->call, type, message, PROTO_JSON_DEFAULT, output);
    if (status == STATUS_OK) {
        set_result(task, CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_JSON_PAYLOAD,
                   arena_copy(&task->testee->arena, buffer_text(output)));
    } else {
        set_result(task, CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_SERIALIZE_ERROR,
                   task->call.error.message);
    }
}

static void write_binary(struct task *task, const ProtobufCMessage *message)
{
    struct buffer *output = &task->testee->output;
    CHECK(proto_encode(message, output));
    set_result(task, CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_PROTOBUF_PAYLOAD,
               arena_copy(&task->testee->arena, buffer_text(output)));
}

static void answer(struct task *task)
{
    ProtobufCMessage *message;
    const struct proto_type *type = asked_type(task);
    if (text_equal(proto_text(task->request->message_type), TEXT("conformance.FailureSet"))) {
        /* None, in protobuf's form. */
        set_result(task, CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_PROTOBUF_PAYLOAD, TEXT(""));
        return;
    }
    if (type == NULL) {
        set_result(task, CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_SKIPPED,
                   TEXT("only messages of proto3 are known here"));
        return;
    }
    if (!parse(task, type, &message)) {
        return;
    }
    Conformance__WireFormat form = task->request->requested_output_format;
    if (form == CONFORMANCE__WIRE_FORMAT__PROTOBUF) {
        write_binary(task, message);
    } else if (form == CONFORMANCE__WIRE_FORMAT__JSON) {
        write_json(task, type, message);
    } else {
        set_result(task, CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_SKIPPED,
                   TEXT("neither text format nor JSPB is written here"));
    }
}

/* Reads the next message's bytes into the buffer. false: stdin has ended. */
static bool read_request(struct buffer *input)
{
    unsigned char prefix[LENGTH_BYTES];
    size_t count = fread(prefix, 1, sizeof(prefix), stdin);
    if (count == 0 && feof(stdin)) {
        return false;
    }
    CHECK(count == sizeof(prefix));
    size_t length = (size_t)prefix[0] | (size_t)prefix[1] << 8 | (size_t)prefix[2] << 16 |
                    (size_t)prefix[3] << 24;
    buffer_clear(input);
    char *room = buffer_reserve(input, length);
    CHECK(length == 0 || (room != NULL && fread(room, length, 1, stdin) == 1));
    buffer_extend(input, length);
    return true;
}

static void write_response(struct testee *self, const Conformance__ConformanceResponse *response)
{
    struct buffer *output = &self->output;
    buffer_clear(output);
    CHECK(proto_encode(&response->base, output));
    const unsigned char prefix[LENGTH_BYTES] = {
        (unsigned char)output->length, (unsigned char)(output->length >> 8),
        (unsigned char)(output->length >> 16), (unsigned char)(output->length >> 24)};
    bool written = fwrite(prefix, sizeof(prefix), 1, stdout) == 1 &&
                   (output->length == 0 || fwrite(output->data, output->length, 1, stdout) == 1) &&
                   fflush(stdout) == 0;
    CHECK(written);
}

static void serve_request(struct testee *self)
{
    struct task task = {.testee = self};
    const struct proto_type *type =
        proto_pool_type(self->pool, &conformance__conformance_request__descriptor);
    ProtobufCMessage *message;
    conformance__conformance_response__init(&task.response);
    call_init(&task.call, &self->arena, 0);
    buffer_clear(&self->output);
    if (proto_decode(&task.call, type, buffer_text(&self->input), &message) == STATUS_OK) {
        task.request = (const Conformance__ConformanceRequest *)message;
        answer(&task);
    } else {
        set_result(&task, CONFORMANCE__CONFORMANCE_RESPONSE__RESULT_RUNTIME_ERROR,
                   task.call.error.message);
    }
    write_response(self, &task.response);
    arena_reset(&self->arena);
}

int main(void)
{
    struct testee testee = {.pool = create_pool()};
    arena_init(&testee.arena, ARENA_BYTES_MAX);
    buffer_init(&testee.input, MESSAGE_BYTES_MAX);
    buffer_init(&testee.output, MESSAGE_BYTES_MAX);
    while (read_request(&testee.input)) {
        serve_request(&testee);
    }
    buffer_deinit(&testee.output);
    buffer_deinit(&testee.input);
    arena_deinit(&testee.arena);
    proto_pool_destroy(testee.pool);
    return 0;
}
