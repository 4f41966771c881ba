#include "unit/http2/hpack_nghttp2_peer.h"

struct peer_reader {
    nghttp2_hd_inflater *inflater;
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

/* false: the end, or an error. */
static bool read_by_peer(struct peer_reader *reader, nghttp2_nv *ret_field)
{
    for (;;) {
        int flags = 0;
        ssize_t taken = nghttp2_hd_inflate_hd2(reader->inflater, ret_field, &flags, reader->at,
                                               (size_t)(reader->end - reader->at), 1);
        if (taken < 0) {
            reader->failed = true;
            return false;
        }
        reader->at += taken;
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
            return true;
        }
        if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
            CHECK(nghttp2_hd_inflate_end_headers(reader->inflater) == 0);
            return false;
        }
    }
}

static void check_equal(const struct hpack_field *field, const nghttp2_nv *by_peer)
{
    CHECK(text_equal(field->name, text_of_bytes(by_peer->name, by_peer->namelen)));
    CHECK(text_equal(field->value, text_of_bytes(by_peer->value, by_peer->valuelen)));
    CHECK(field->sensitive == ((by_peer->flags & NGHTTP2_NV_FLAG_NO_INDEX) != 0));
    CHECK(field->token == hpack_token_of(field->name));
}

static void check_listed(const struct hpack_field *field, const struct peer_list *want,
                         size_t place)
{
    CHECK(place < want->count);
    CHECK(text_equal(field->name, want->fields[place].name));
    CHECK(text_equal(field->value, want->fields[place].value));
}

enum hpack_result peer_decode_by_both(struct hpack_decoder *decoder, nghttp2_hd_inflater *inflater,
                                      struct text block, const struct peer_list *want)
{
    const uint8_t *at = (const uint8_t *)block.data;
    const uint8_t *end = at + block.length;
    struct peer_reader reader = {.inflater = inflater, .at = at, .end = end};
    for (size_t count = 0;; count++) {
        struct hpack_field field;
        nghttp2_nv by_peer;
        enum hpack_result result = hpack_decode(decoder, &at, end, &field);
        bool read = read_by_peer(&reader, &by_peer);
        CHECK(read == (result == HPACK_FIELD));
        CHECK(reader.failed == (result > HPACK_END));
        if (!read) {
            CHECK(want == NULL || count == want->count);
            CHECK(reader.failed ||
                  decoder->table.bytes == nghttp2_hd_inflate_get_dynamic_table_size(inflater));
            return result;
        }
        check_equal(&field, &by_peer);
        if (want != NULL) {
            check_listed(&field, want, count);
        }
    }
}
