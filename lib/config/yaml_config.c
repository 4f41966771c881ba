/* The YAML file: scalars at the top for every program, and a mapping per service. */
#include <errno.h>
#include <stdio.h>
#include <yaml.h>

#include "base/arena.h"
#include "config/config_private.h"

struct reader {
    struct call *call;
    struct config *config;
    struct text path;
    yaml_document_t document;
};

/* What a mapping has named already. */
struct names_seen {
    bool options[CONFIG_OPTIONS_MAX];
    bool section;
};

static enum status refuse(struct reader *reader, const yaml_node_t *node, const char *why,
                          struct text what)
{
    return call_fail(reader->call, STATUS_INVALID_ARGUMENT, "%.*s:%zu: %s '%.*s'",
                     TEXT_ARGUMENTS(reader->path), node->start_mark.line + 1, why,
                     TEXT_ARGUMENTS(what));
}

static struct text scalar_text(const yaml_node_t *node)
{
    return text_of_bytes(node->data.scalar.value, node->data.scalar.length);
}

static bool is_command(const struct config *config)
{
    const char *service = config->program->service;
    return service != NULL && text_equal(text_of(service), TEXT(CONFIG_COMMANDS));
}

static enum status read_scalar(struct reader *reader, const yaml_node_t *key,
                               const yaml_node_t *value, bool is_top, struct names_seen *seen)
{
    struct config_value *found = config_find(reader->config, scalar_text(key));
    if (found == NULL) {
        return is_top && is_command(reader->config)
                   ? STATUS_OK
                   : refuse(reader, key, "unknown option", scalar_text(key));
    }
    bool *is_seen = &seen->options[found - reader->config->values];
    if (*is_seen) {
        return refuse(reader, key, "given twice:", scalar_text(key));
    }
    *is_seen = true;
    struct text place =
        arena_format(reader->call->arena, "%.*s:%zu: %s", TEXT_ARGUMENTS(reader->path),
                     value->start_mark.line + 1, found->option->name);
    return config_set(reader->call, found, scalar_text(value),
                      place.data != NULL ? place.data : "file");
}

/* A mapping's single values. `section` becomes the value of the service's own name, where sections
 * may stand; those of other services are theirs to read. */
static enum status read_mapping(struct reader *reader, const yaml_node_t *mapping,
                                const yaml_node_t **section)
{
    enum status status = STATUS_OK;
    const char *service = reader->config->program->service;
    struct names_seen seen = {.section = false};
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top && status == STATUS_OK; pair++) {
        const yaml_node_t *key = yaml_document_get_node(&reader->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(&reader->document, pair->value);
        if (key->type != YAML_SCALAR_NODE) {
            return refuse(reader, key, "a name was expected, not", TEXT("a structure"));
        }
        if (value->type == YAML_SCALAR_NODE) {
            status = read_scalar(reader, key, value, section != NULL, &seen);
        } else if (value->type != YAML_MAPPING_NODE || section == NULL) {
            return refuse(reader, key, "a single value was expected for", scalar_text(key));
        } else if (service != NULL && text_equal(scalar_text(key), text_of(service))) {
            if (seen.section) {
                return refuse(reader, key, "given twice:", scalar_text(key));
            }
            seen.section = true;
            *section = value;
        }
    }
    return status;
}

/* The section is read last, so that it wins wherever it stands. */
static enum status read_document(struct reader *reader)
{
    const yaml_node_t *root = yaml_document_get_root_node(&reader->document);
    if (root == NULL) {
        return STATUS_OK;
    }
    if (root->type != YAML_MAPPING_NODE) {
        return refuse(reader, root, "names with values were expected, not",
                      root->type == YAML_SCALAR_NODE ? TEXT("a single value") : TEXT("a list"));
    }
    const yaml_node_t *section = NULL;
    enum status status = read_mapping(reader, root, &section);
    return status == STATUS_OK && section != NULL ? read_mapping(reader, section, NULL) : status;
}

static enum status malformed(const struct reader *reader, const yaml_parser_t *parser)
{
    return call_fail(reader->call, STATUS_INVALID_ARGUMENT, "%.*s:%zu: not YAML: %s",
                     TEXT_ARGUMENTS(reader->path), parser->problem_mark.line + 1,
                     parser->problem != NULL ? parser->problem : "unreadable");
}

static enum status expect_end(struct reader *reader, yaml_parser_t *parser)
{
    if (!yaml_parser_load(parser, &reader->document)) {
        return malformed(reader, parser);
    }
    enum status status = STATUS_OK;
    const yaml_node_t *root = yaml_document_get_root_node(&reader->document);
    if (root != NULL) {
        status = refuse(reader, root, "one document was expected, not", TEXT("several"));
    }
    yaml_document_delete(&reader->document);
    return status;
}

static enum status read_stream(struct reader *reader, yaml_parser_t *parser)
{
    if (!yaml_parser_load(parser, &reader->document)) {
        return malformed(reader, parser);
    }
    bool is_empty = yaml_document_get_root_node(&reader->document) == NULL;
    enum status status = read_document(reader);
    yaml_document_delete(&reader->document);
    return status == STATUS_OK && !is_empty ? expect_end(reader, parser) : status;
}

static enum status read_file(struct call *call, struct text path, struct text *ret_content)
{
    struct text name = arena_copy(call->arena, path);
    char *bytes = arena_alloc(call->arena, CONFIG_FILE_BYTES_MAX + 1);
    if (name.data == NULL || bytes == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the configuration");
    }
    FILE *file = fopen(name.data, "re");
    if (file == NULL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s: %s", name.data, strerror(errno));
    }
    size_t length = fread(bytes, 1, CONFIG_FILE_BYTES_MAX + 1, file);
    bool broken = ferror(file) != 0;
    (void)fclose(file); /* only read from */
    if (broken || length > CONFIG_FILE_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s: %s", name.data,
                         broken ? "cannot be read" : "is larger than a configuration may be");
    }
    *ret_content = (struct text){bytes, length};
    return STATUS_OK;
}

enum status config_read_yaml(struct call *call, struct config *config, struct text path)
{
    struct reader reader = {.call = call, .config = config, .path = path};
    struct text content = {NULL, 0};
    enum status status = read_file(call, path, &content);
    if (status != STATUS_OK) {
        return status;
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the configuration");
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)content.data, content.length);
    status = read_stream(&reader, &parser);
    yaml_parser_delete(&parser);
    return status;
}
