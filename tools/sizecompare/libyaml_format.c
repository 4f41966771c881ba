#include <yaml.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "sizecompare/wire_format.h"

/* The longest word that YAML 1.1 takes for something other than a string is "false". */
enum { SPECIAL_WORD_LENGTH_MAX = 5 };

static void free_parser(yaml_parser_t *parser)
{
    yaml_parser_delete(parser);
}

static void free_document(yaml_document_t *document)
{
    yaml_document_delete(document);
}

static int append_to_buffer(void *bytes, unsigned char *data, size_t length)
{
    return buffer_append(bytes, text_of_bytes(data, length)) ? 1 : 0;
}

/* Emits an event that an initialiser has made, which the emitter then owns. */
static bool emit(yaml_emitter_t *emitter, yaml_event_t *event, int made)
{
    return made != 0 && yaml_emitter_emit(emitter, event) != 0;
}

static bool emit_scalar(yaml_emitter_t *emitter, struct text text, yaml_scalar_style_t style)
{
    yaml_event_t event;
    bool is_plain = style == YAML_PLAIN_SCALAR_STYLE;

    return emit(emitter, &event,
                yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text.data,
                                             (int)text.length, is_plain, 1, style));
}

/* Unquoted, as a person would write it, unless a reader could take it for a number, a date or a
 * word such as "yes". The emitter adds quotes where the syntax needs them. */
static yaml_scalar_style_t style_of(struct text text)
{
    bool is_plain = text.length > SPECIAL_WORD_LENGTH_MAX &&
                    ((text.data[0] >= 'A' && text.data[0] <= 'Z') ||
                     (text.data[0] >= 'a' && text.data[0] <= 'z')) &&
                    text_find(text, 0, '\n') == text.length;

    return is_plain ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

static bool emit_entry(yaml_emitter_t *emitter, const struct sample_entry *entry)
{
    yaml_event_t event;

    if (!emit(
            emitter, &event,
            yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE))) {
        return false;
    }
    for (size_t i = 0; i < SAMPLE_FIELD_COUNT; i++) {
        if (!emit_scalar(emitter, text_of(sample_lower_names.fields[i]), YAML_PLAIN_SCALAR_STYLE) ||
            !emit_scalar(emitter, entry->fields[i], style_of(entry->fields[i]))) {
            return false;
        }
    }
    return emit(emitter, &event, yaml_mapping_end_event_initialize(&event));
}

static bool emit_content(yaml_emitter_t *emitter, const struct sample_document *document)
{
    yaml_event_t event;

    if (document->shape == SAMPLE_SINGLE) {
        return emit_entry(emitter, &document->entries[0]);
    }
    if (!emit(emitter, &event,
              yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                                   YAML_BLOCK_SEQUENCE_STYLE))) {
        return false;
    }
    for (size_t i = 0; i < document->count; i++) {
        if (!emit_entry(emitter, &document->entries[i])) {
            return false;
        }
    }
    return emit(emitter, &event, yaml_sequence_end_event_initialize(&event));
}

static bool emit_document(yaml_emitter_t *emitter, const struct sample_document *document)
{
    yaml_event_t event;

    return emit(emitter, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING)) &&
           emit(emitter, &event,
                yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1)) &&
           emit_content(emitter, document) &&
           emit(emitter, &event, yaml_document_end_event_initialize(&event, 1)) &&
           emit(emitter, &event, yaml_stream_end_event_initialize(&event));
}

static enum status libyaml_encode(void *state, const struct sample_document *document,
                                  struct arena *scratch, struct buffer *bytes)
{
    (void)state;
    (void)scratch;
    yaml_emitter_t emitter;

    if (yaml_emitter_initialize(&emitter) == 0) {
        return STATUS_INTERNAL;
    }
    yaml_emitter_set_output(&emitter, append_to_buffer, bytes);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    enum status status = STATUS_OK;
    if (!emit_document(&emitter, document)) {
        status = emitter.error == YAML_WRITER_ERROR ? STATUS_RESOURCE_EXHAUSTED : STATUS_INTERNAL;
    }
    yaml_emitter_delete(&emitter);
    return status;
}

static struct text scalar_text(const yaml_node_t *node)
{
    return text_of_bytes(node->data.scalar.value, node->data.scalar.length);
}

static enum status entry_from_node(yaml_document_t *yaml, const yaml_node_t *node,
                                   struct arena *arena, struct sample_entry *entry)
{
    if (node == NULL || node->type != YAML_MAPPING_NODE) {
        return STATUS_INVALID_ARGUMENT;
    }
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    for (size_t i = 0; i < SAMPLE_FIELD_COUNT; i++, pair++) {
        if (pair == node->data.mapping.pairs.top) {
            return STATUS_INVALID_ARGUMENT;
        }
        const yaml_node_t *key = yaml_document_get_node(yaml, pair->key);
        const yaml_node_t *value = yaml_document_get_node(yaml, pair->value);
        if (key == NULL || key->type != YAML_SCALAR_NODE || value == NULL ||
            value->type != YAML_SCALAR_NODE ||
            !text_equal(scalar_text(key), text_of(sample_lower_names.fields[i]))) {
            return STATUS_INVALID_ARGUMENT;
        }
        enum status status =
            sample_entry_set(entry, (enum sample_field)i, arena, scalar_text(value));
        if (status != STATUS_OK) {
            return status;
        }
    }
    return pair == node->data.mapping.pairs.top ? STATUS_OK : STATUS_INVALID_ARGUMENT;
}

static enum status entries_from_document(yaml_document_t *yaml, enum sample_shape shape,
                                         struct arena *arena, struct sample_document *ret_document)
{
    const yaml_node_t *root = yaml_document_get_root_node(yaml);
    size_t count = 1;

    if (root == NULL || (shape == SAMPLE_LIST && root->type != YAML_SEQUENCE_NODE)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (shape == SAMPLE_LIST) {
        count = (size_t)(root->data.sequence.items.top - root->data.sequence.items.start);
    }
    struct sample_entry *entries = NULL;
    enum status status = sample_entries_create(arena, count, &entries);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const yaml_node_t *node = root;
        if (shape == SAMPLE_LIST) {
            node = yaml_document_get_node(yaml, root->data.sequence.items.start[i]);
        }
        status = entry_from_node(yaml, node, arena, &entries[i]);
    }
    if (status == STATUS_OK) {
        *ret_document =
            (struct sample_document){.shape = shape, .entries = entries, .count = count};
    }
    return status;
}

/* Whether the stream ends here, without a further document. */
static bool is_at_end(yaml_parser_t *parser)
{
    CLEANUP(free_document) yaml_document_t rest = {0};

    return yaml_parser_load(parser, &rest) != 0 && yaml_document_get_root_node(&rest) == NULL;
}

static enum status libyaml_decode(void *state, struct text bytes, enum sample_shape shape,
                                  struct arena *arena, struct sample_document *ret_document)
{
    (void)state;
    CLEANUP(free_parser) yaml_parser_t parser = {0};
    CLEANUP(free_document) yaml_document_t yaml = {0};

    if (yaml_parser_initialize(&parser) == 0) {
        return STATUS_INTERNAL;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.data, bytes.length);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    if (yaml_parser_load(&parser, &yaml) == 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct sample_document document;
    enum status status = entries_from_document(&yaml, shape, arena, &document);
    if (status != STATUS_OK) {
        return status;
    }
    if (!is_at_end(&parser)) {
        return STATUS_INVALID_ARGUMENT;
    }
    *ret_document = document;
    return STATUS_OK;
}

const struct wire_format libyaml_format = {
    .name = "YAML",
    .library = SIZECOMPARE_LIBYAML,
    .encode = libyaml_encode,
    .decode = libyaml_decode,
};
