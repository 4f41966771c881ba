/* Any bytes as the reply to a unary call by Connect or gRPC-Web. The first byte chooses the
 * protocol, the codec, the compression and whether the reply is a failure. */
#include "base/arena.h"
#include "grpc/grpc_descriptor_sets.h"
#include "grpc/web_client_private.h"
#include "health.pb-c.h"

enum { ARENA_BYTES_MAX = 1 << 22, MESSAGE_BYTES_MAX = 4096 };
enum { CHOICE_WEB = 1, CHOICE_JSON = 2, CHOICE_GZIP = 4, CHOICE_FAILURE = 8 };

static struct text type_of(unsigned choice)
{
    if ((choice & CHOICE_WEB) != 0) {
        return (choice & CHOICE_JSON) != 0 ? TEXT("application/grpc-web+json")
                                           : TEXT("application/grpc-web+proto");
    }
    return (choice & (CHOICE_JSON | CHOICE_FAILURE)) != 0 ? TEXT("application/json")
                                                          : TEXT("application/proto");
}

static void conclude(const struct proto_pool *pool, unsigned choice, struct text body)
{
    static const struct web_call_options options;
    bool is_web = (choice & CHOICE_WEB) != 0;
    struct arena arena;
    struct call call;
    ProtobufCMessage *message = NULL;
    const struct http_header headers[] = {
        {TEXT("content-type"), type_of(choice)},
        {is_web ? TEXT("grpc-encoding") : TEXT("content-encoding"),
         (choice & CHOICE_GZIP) != 0 ? TEXT("gzip") : TEXT("identity")},
    };
    const struct web_client client = {
        .pool = pool,
        .codec = (choice & CHOICE_JSON) != 0 ? GRPC_CODEC_JSON : GRPC_CODEC_PROTO,
        .message_bytes_max = MESSAGE_BYTES_MAX,
    };
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    struct web_call self = {
        .client = &client,
        .call = &call,
        .path = "/a/B",
        .options = &options,
        .response_type =
            proto_pool_type(pool, &grpc__health__v1__health_check_response__descriptor),
        .http = {.status = (choice & CHOICE_FAILURE) != 0 ? 404 : 200,
                 .headers = headers,
                 .header_count = ARRAY_LENGTH(headers),
                 .body = body},
    };
    enum status status = is_web ? grpc_web_client_conclude(&self, &message)
                                : connect_client_conclude(&self, &message);
    CHECK((status == STATUS_OK) == (message != NULL));
    CHECK(status == STATUS_OK || call.error.message.length > 0);
    CHECK(self.reply.trailer_count <= HTTP_HEADER_COUNT_MAX);
    CHECK(self.reply.detail_count <= WEB_CLIENT_DETAILS_MAX);
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ProtobufCMessageDescriptor *const roots[] = {
        &grpc__health__v1__health_check_response__descriptor};
    static struct proto_pool *pool; /* for all inputs */
    if (pool == NULL) {
        const struct proto_descriptor_set set = {marquee_health_proto_descriptor_set,
                                                 marquee_health_proto_descriptor_set_size};
        CHECK(proto_pool_create(&set, 1, roots, ARRAY_LENGTH(roots), &pool) == STATUS_OK);
    }
    if (size > 0) {
        conclude(pool, data[0], text_of_bytes(data + 1, size - 1));
    }
    return 0;
}
