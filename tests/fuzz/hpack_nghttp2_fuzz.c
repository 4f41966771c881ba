/* Any bytes as the header blocks of a connection, by our decoder and by nghttp2's: they must agree
 * on every field and every error. What was read is encoded again, which must read back the same.
 *
 * The input is rows of a number of two bytes and a block: the number's two highest bits say how the
 * fields are encoded again, the others how long the block is. */
#include "http2/hpack_encoder.h"
#include "unit/http2/hpack_nghttp2_peer.h"

enum { HEAD_BYTES = 2, LENGTH_MASK = 0x3fff, INDEXING_SHIFT = 14, AGAIN_BYTES_MAX = 8192 };

struct connections {
    struct hpack_decoder decoder;
    nghttp2_hd_inflater *inflater;
    struct hpack_decoder reader; /* of the fields, to encode them again */
    struct hpack_encoder encoder;
    struct hpack_decoder decoder_again;
};

static void check_again(struct connections *connections, const struct hpack_field *field,
                        enum hpack_indexing indexing)
{
    uint8_t again[AGAIN_BYTES_MAX];
    if (hpack_encoded_bytes_max(field) > sizeof(again)) {
        return;
    }
    const uint8_t *end = hpack_encode(&connections->encoder, again, field, indexing);
    CHECK((size_t)(end - again) <= hpack_encoded_bytes_max(field));
    const uint8_t *at = again;
    struct hpack_field got;
    CHECK(hpack_decode(&connections->decoder_again, &at, end, &got) == HPACK_FIELD && at == end);
    CHECK(text_equal(got.name, field->name) && text_equal(got.value, field->value));
    CHECK(got.token == field->token && got.is_valid == field->is_valid);
    CHECK(got.sensitive == (field->sensitive || indexing == HPACK_NEVER_INDEXED));
}

static void encode_again(struct connections *connections, struct text block,
                         enum hpack_indexing indexing)
{
    const uint8_t *at = (const uint8_t *)block.data;
    const uint8_t *end = at + block.length;
    struct hpack_field field;
    while (hpack_decode(&connections->reader, &at, end, &field) == HPACK_FIELD) {
        check_again(connections, &field, indexing);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct connections connections;
    struct text rest = text_of_bytes(data, size);
    hpack_decoder_init(&connections.decoder, HPACK_TABLE_BYTES_DEFAULT);
    hpack_decoder_init(&connections.reader, HPACK_TABLE_BYTES_DEFAULT);
    hpack_decoder_init(&connections.decoder_again, HPACK_TABLE_BYTES_DEFAULT);
    hpack_encoder_init(&connections.encoder);
    CHECK(nghttp2_hd_inflate_new(&connections.inflater) == 0);
    while (rest.length >= HEAD_BYTES) {
        unsigned head = (unsigned)(unsigned char)rest.data[0] << 8 | (unsigned char)rest.data[1];
        rest = text_slice(rest, HEAD_BYTES, rest.length);
        struct text block = text_slice(rest, 0, head & LENGTH_MASK);
        rest = text_slice(rest, block.length, rest.length);
        if (peer_decode_by_both(&connections.decoder, connections.inflater, block, NULL) !=
            HPACK_END) {
            break;
        }
        encode_again(&connections, block, (enum hpack_indexing)(head >> INDEXING_SHIFT));
    }
    nghttp2_hd_inflate_del(connections.inflater);
    hpack_decoder_deinit(&connections.decoder);
    hpack_decoder_deinit(&connections.reader);
    hpack_decoder_deinit(&connections.decoder_again);
    hpack_encoder_deinit(&connections.encoder);
    return 0;
}
