/* Every format gives back what it was given, and refuses what is not a document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "sizecompare/sample_catalogue.h"
#include "sizecompare/wire_format.h"

enum { BYTES_MAX = 64 << 20 };

/* A format with what it needs to work. */
struct bench {
    const struct wire_format *format;
    void *state;
    struct arena arena;
    struct buffer bytes;
};

static void bench_open(struct bench *self, const struct wire_format *format)
{
    *self = (struct bench){.format = format};
    arena_init(&self->arena, BYTES_MAX);
    buffer_init(&self->bytes, BYTES_MAX);
    if (format->open != NULL) {
        assert_int_equal(format->open(&self->state), STATUS_OK);
    }
}

static void bench_close(struct bench *self)
{
    if (self->format->close != NULL) {
        self->format->close(self->state);
    }
    buffer_deinit(&self->bytes);
    arena_deinit(&self->arena);
}

static enum status bench_encode(struct bench *self, const struct sample_document *document)
{
    buffer_clear(&self->bytes);
    arena_reset(&self->arena);
    return self->format->encode(self->state, document, &self->arena, &self->bytes);
}

/* Decodes from a copy of just that size, so that a sanitizer sees a read past the end. */
static enum status bench_decode(struct bench *self, struct text bytes, enum sample_shape shape,
                                struct sample_document *ret_document)
{
    char *copy = malloc(bytes.length + 1);
    assert_non_null(copy);
    char *exact = realloc(copy, bytes.length > 0 ? bytes.length : 1);
    assert_non_null(exact);
    if (bytes.length > 0) {
        memcpy(exact, bytes.data, bytes.length);
    }
    arena_reset(&self->arena);
    enum status status = self->format->decode(self->state, text_of_bytes(exact, bytes.length),
                                              shape, &self->arena, ret_document);
    free(exact);
    return status;
}

static void check_round_trip(struct bench *self, const struct sample_document *document,
                             const char *name)
{
    struct sample_document decoded;
    enum status status = bench_encode(self, document);

    if (status == STATUS_OK) {
        status = bench_decode(self, buffer_text(&self->bytes), document->shape, &decoded);
    }
    if (status != STATUS_OK) {
        fail_msg("%s: %s: %s", self->format->name, name, status_name(status));
    }
    if (!sample_document_equal(document, &decoded)) {
        fail_msg("%s: %s: other content", self->format->name, name);
    }
}

static struct sample_document load_list(struct arena *arena, size_t count)
{
    struct sample_document list;

    arena_init(arena, BYTES_MAX);
    assert_int_equal(sample_catalogue_load(NULL, count, arena, &list), STATUS_OK);
    assert_int_equal(list.count, count);
    return list;
}

static void test_round_trips_sample_and_lists(void **unused)
{
    (void)unused;
    struct arena arena;
    struct sample_document single = sample_document_reference();
    struct sample_document list = load_list(&arena, 100);
    struct sample_document none = {.shape = SAMPLE_LIST, .entries = list.entries, .count = 0};

    for (size_t i = 0; i < WIRE_FORMAT_COUNT; i++) {
        struct bench bench;
        bench_open(&bench, wire_formats[i]);
        check_round_trip(&bench, &single, "sample");
        check_round_trip(&bench, &list, "list");
        check_round_trip(&bench, &none, "empty list");
        check_round_trip(&bench, &single, "sample after lists");
        bench_close(&bench);
    }
    arena_deinit(&arena);
}

static void test_sample_has_known_sizes(void **unused)
{
    (void)unused;
    static const struct {
        const struct wire_format *format;
        size_t bytes;
    } cases[] = {
        {&jansson_format, 106}, /* as Go's encoding/json, encoding/xml and protobuf */
        {&libxml2_format, 148}, {&protobuf_format, 63},
        {&avro_format, 59},   /* 55 bytes of text, a length byte each */
        {&thrift_format, 84}, /* 55 bytes of text, 7 bytes a field, the stop */
    };
    struct sample_document single = sample_document_reference();

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct bench bench;
        bench_open(&bench, cases[i].format);
        assert_int_equal(bench_encode(&bench, &single), STATUS_OK);
        assert_int_equal(bench.bytes.length, cases[i].bytes);
        bench_close(&bench);
    }
}

static const struct {
    const char *name;
    const char *text;
    bool xml_refuses;
} awkward_texts[] = {
    {"empty", "", false},
    {"one space", " ", false},
    {"spaces at both ends", "  two  ", false},
    {"markup", "<a href=\"x\">&amp; ]]> <!-- - --> <?x?>", false},
    {"quotes", "it's \"quoted\" `here` \\ back\\\\slash", false},
    {"newlines", "one\ntwo\n\n three \n", false},
    {"carriage returns", "one\r\ntwo\rthree", false},
    {"tabs", "\tone\ttwo\t", false},
    {"newline alone", "\n", false},
    {"two bytes", "Amélie, Ærøskøbing", false},
    {"three bytes", "千と千尋の神隠し", false},
    {"four bytes", "\xf0\x9f\x8e\xac film \xf0\x9d\x84\x9e", false},
    {"line separators",
     "a\xc2\x85"
     "b\xe2\x80\xa8"
     "c\xe2\x80\xa9"
     "d",
     false},
    {"byte order mark",
     "\xef\xbb\xbf"
     "after",
     false},
    {"yaml number", "0123", false},
    {"yaml float", "1e3", false},
    {"yaml date", "2001-12-14", false},
    {"yaml word", "yes", false},
    {"yaml null", "~", false},
    {"yaml markers", "--- a: b # c", false},
    {"yaml in letters", "letters: first #not a comment", false},
    {"yaml document end", "letters\n...\n---\nmore", false},
    {"yaml indicators", "&a *b !c |d >e %f @g", false},
    {"delete",
     "a\x7f"
     "b",
     false},
    {"control",
     "a\x01"
     "b",
     true},
    {"escape", "\x1b[0m", true},
    {"vertical tab", "a\vb\fc", true},
    {"no character",
     "a\xef\xbf\xbf"
     "b",
     true},
};

static void test_round_trips_awkward_texts(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < WIRE_FORMAT_COUNT; i++) {
        struct bench bench;
        bench_open(&bench, wire_formats[i]);
        for (size_t j = 0; j < ARRAY_LENGTH(awkward_texts); j++) {
            struct text text = text_of(awkward_texts[j].text);
            struct sample_entry entries[] = {{.fields = {text, text, text, text}},
                                             {.fields = {TEXT("1"), text, TEXT("x"), text}}};
            struct sample_document list = {SAMPLE_LIST, entries, ARRAY_LENGTH(entries)};
            struct sample_document single = {SAMPLE_SINGLE, &entries[1], 1};
            if (wire_formats[i] == &libxml2_format && awkward_texts[j].xml_refuses) {
                assert_int_equal(bench_encode(&bench, &list), STATUS_INVALID_ARGUMENT);
                assert_int_equal(bench_encode(&bench, &single), STATUS_INVALID_ARGUMENT);
            } else {
                check_round_trip(&bench, &list, awkward_texts[j].name);
                check_round_trip(&bench, &single, awkward_texts[j].name);
            }
        }
        bench_close(&bench);
    }
}

/* A cut YAML or Protocol Buffers document may be a shorter document; it is then not the same. */
static bool shows_cuts(const struct wire_format *format)
{
    return format != &libyaml_format && format != &protobuf_format;
}

static void check_prefixes(struct bench *bench, const struct sample_document *document)
{
    assert_int_equal(bench_encode(bench, document), STATUS_OK);
    struct text bytes = buffer_text(&bench->bytes);
    size_t refused = 0;
    size_t length = bytes.length;

    if (bench->format == &libyaml_format) {
        length--; /* its last newline */
    }
    for (size_t cut = 0; cut < length; cut++) {
        struct sample_document decoded;
        enum status status =
            bench_decode(bench, text_slice(bytes, 0, cut), document->shape, &decoded);
        if (status == STATUS_OK) {
            if (shows_cuts(bench->format) || sample_document_equal(document, &decoded)) {
                fail_msg("%s: accepts %zu of %zu bytes", bench->format->name, cut, bytes.length);
            }
        } else {
            assert_int_equal(status, STATUS_INVALID_ARGUMENT);
            refused++;
        }
    }
    assert_true(refused > length / 2);
}

static void test_refuses_truncated(void **unused)
{
    (void)unused;
    struct arena arena;
    struct sample_document single = sample_document_reference();
    struct sample_document list = load_list(&arena, 3);

    for (size_t i = 0; i < WIRE_FORMAT_COUNT; i++) {
        struct bench bench;
        bench_open(&bench, wire_formats[i]);
        check_prefixes(&bench, &single);
        check_prefixes(&bench, &list);
        check_round_trip(&bench, &single, "sample after refusals");
        bench_close(&bench);
    }
    arena_deinit(&arena);
}

static void test_refuses_garbage(void **unused)
{
    (void)unused;
    static const struct text cases[] = {
        TEXT_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        TEXT_INIT("not a document"),
        TEXT_INIT("{]<%\x00\x01"),
        TEXT_INIT("\x0b\x00\x01\x7f\xff\xff\xff"),
        TEXT_INIT("\x0f\x00\x01\x0c\x7f\xff\xff\xff\x00"),
        TEXT_INIT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
        TEXT_INIT("\x0a\xff\xff\xff\xff\x0f\x0a"),
        TEXT_INIT("\x01\x02t\x00\x02r"),
        TEXT_INIT("[[[[[[[[[[[["),
    };

    for (size_t i = 0; i < WIRE_FORMAT_COUNT; i++) {
        struct bench bench;
        bench_open(&bench, wire_formats[i]);
        for (size_t j = 0; j < ARRAY_LENGTH(cases); j++) {
            for (enum sample_shape shape = SAMPLE_SINGLE; shape <= SAMPLE_LIST; shape++) {
                struct sample_document decoded;
                enum status status = bench_decode(&bench, cases[j], shape, &decoded);
                if (status != STATUS_INVALID_ARGUMENT && status != STATUS_RESOURCE_EXHAUSTED) {
                    fail_msg("%s: garbage %zu: %s", bench.format->name, j, status_name(status));
                }
            }
        }
        bench_close(&bench);
    }
}

/* What comes of a changed byte may be a document or not; it must not crash, hang or leak. */
static void test_survives_changed_bytes(void **unused)
{
    (void)unused;
    static const unsigned char changes[] = {0x00, 0x01, 0x0b, 0x7f, 0x80, 0xff, '"', '<', '\n'};
    struct arena arena;
    struct sample_document list = load_list(&arena, 2);

    for (size_t i = 0; i < WIRE_FORMAT_COUNT; i++) {
        struct bench bench;
        bench_open(&bench, wire_formats[i]);
        assert_int_equal(bench_encode(&bench, &list), STATUS_OK);
        for (size_t at = 0; at < bench.bytes.length; at++) {
            char kept = bench.bytes.data[at];
            for (size_t j = 0; j < sizeof(changes); j++) {
                struct sample_document decoded = {0};
                bench.bytes.data[at] = (char)changes[j];
                enum status status =
                    bench_decode(&bench, buffer_text(&bench.bytes), SAMPLE_LIST, &decoded);
                assert_true(status != STATUS_INTERNAL);
                assert_true((status == STATUS_OK) == (decoded.entries != NULL));
            }
            bench.bytes.data[at] = kept;
        }
        bench_close(&bench);
    }
    arena_deinit(&arena);
}

static void test_refuses_texts_that_are_not_utf8(void **unused)
{
    (void)unused;
    struct sample_entry entry = {
        .fields = {TEXT("1"), TEXT("?marked?"), TEXT("text"), TEXT("text")}};
    struct sample_document single = {SAMPLE_SINGLE, &entry, 1};

    for (size_t i = 0; i < WIRE_FORMAT_COUNT; i++) {
        struct bench bench;
        bench_open(&bench, wire_formats[i]);
        assert_int_equal(bench_encode(&bench, &single), STATUS_OK);
        char *mark = memchr(bench.bytes.data, '?', bench.bytes.length);
        assert_non_null(mark);
        *mark = (char)0xe9;
        struct sample_document decoded;
        assert_int_equal(bench_decode(&bench, buffer_text(&bench.bytes), SAMPLE_SINGLE, &decoded),
                         STATUS_INVALID_ARGUMENT);
        bench_close(&bench);
    }
}

static void test_refuses_too_many_entries(void **unused)
{
    (void)unused;
    static struct sample_entry entries[SAMPLE_ENTRIES_MAX + 1];
    struct sample_document most = {SAMPLE_LIST, entries, SAMPLE_ENTRIES_MAX};
    struct sample_document over = {SAMPLE_LIST, entries, SAMPLE_ENTRIES_MAX + 1};

    for (size_t i = 0; i < ARRAY_LENGTH(entries); i++) {
        entries[i] = (struct sample_entry){.fields = {TEXT("1"), TEXT("t"), TEXT("d"), TEXT("")}};
    }
    for (size_t i = 0; i < WIRE_FORMAT_COUNT; i++) {
        struct bench bench;
        struct sample_document decoded;
        bench_open(&bench, wire_formats[i]);
        check_round_trip(&bench, &most, "as many as may be");
        assert_int_equal(bench_encode(&bench, &over), STATUS_OK);
        assert_int_equal(bench_decode(&bench, buffer_text(&bench.bytes), SAMPLE_LIST, &decoded),
                         STATUS_RESOURCE_EXHAUSTED);
        bench_close(&bench);
    }
}

static void test_opens_and_closes(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < WIRE_FORMAT_COUNT; i++) {
        if (wire_formats[i]->open == NULL) {
            assert_null(wire_formats[i]->close);
            continue;
        }
        for (int times = 0; times < 50; times++) {
            void *state = NULL;
            assert_int_equal(wire_formats[i]->open(&state), STATUS_OK);
            wire_formats[i]->close(state);
        }
        wire_formats[i]->close(NULL);
    }
}

static void test_says_when_there_is_no_room(void **unused)
{
    (void)unused;
    struct arena arena;
    struct sample_document list = load_list(&arena, 100);

    for (size_t i = 0; i < WIRE_FORMAT_COUNT; i++) {
        struct bench bench;
        bench_open(&bench, wire_formats[i]);
        bench.bytes.bytes_max = 1000;
        assert_int_equal(bench_encode(&bench, &list), STATUS_RESOURCE_EXHAUSTED);
        bench.bytes.bytes_max = BYTES_MAX;
        assert_int_equal(bench_encode(&bench, &list), STATUS_OK);
        bench.arena.bytes_max = 1000;
        struct sample_document decoded;
        assert_int_equal(bench_decode(&bench, buffer_text(&bench.bytes), SAMPLE_LIST, &decoded),
                         STATUS_RESOURCE_EXHAUSTED);
        bench_close(&bench);
    }
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips_sample_and_lists),
        cmocka_unit_test(test_sample_has_known_sizes),
        cmocka_unit_test(test_round_trips_awkward_texts),
        cmocka_unit_test(test_refuses_truncated),
        cmocka_unit_test(test_refuses_garbage),
        cmocka_unit_test(test_survives_changed_bytes),
        cmocka_unit_test(test_refuses_texts_that_are_not_utf8),
        cmocka_unit_test(test_refuses_too_many_entries),
        cmocka_unit_test(test_opens_and_closes),
        cmocka_unit_test(test_says_when_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
