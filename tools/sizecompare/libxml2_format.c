#include <libxml/chvalid.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlwriter.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "sizecompare/wire_format.h"

static void free_buffer(xmlBufferPtr *buffer)
{
    xmlBufferFree(*buffer);
}

static void free_writer(xmlTextWriterPtr *writer)
{
    xmlFreeTextWriter(*writer);
}

static void free_tree(xmlDocPtr *tree)
{
    xmlFreeDoc(*tree);
}

/* Whether XML 1.0 can carry the text: not all control characters have a form in it, even escaped
 * (section 2.2). */
static bool is_xml_text(struct text text)
{
    for (size_t i = 0; i < text.length;) {
        int length = (int)(text.length - i < 4 ? text.length - i : 4);
        int character = xmlGetUTF8Char((const xmlChar *)(text.data + i), &length);
        if (character < 0 || !xmlIsCharQ((unsigned)character)) {
            return false;
        }
        i += (size_t)length;
    }
    return true;
}

static bool is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, (const xmlChar *)name);
}

static enum status write_entry(xmlTextWriterPtr writer, const struct sample_entry *entry)
{
    if (xmlTextWriterStartElement(writer, (const xmlChar *)sample_xml_names.entry) < 0) {
        return STATUS_INTERNAL;
    }
    for (size_t i = 0; i < SAMPLE_FIELD_COUNT; i++) {
        if (!is_xml_text(entry->fields[i])) {
            return STATUS_INVALID_ARGUMENT;
        }
        if (xmlTextWriterWriteElement(writer, (const xmlChar *)sample_xml_names.fields[i],
                                      (const xmlChar *)entry->fields[i].data) < 0) {
            return STATUS_INTERNAL;
        }
    }
    return xmlTextWriterFullEndElement(writer) < 0 ? STATUS_INTERNAL : STATUS_OK;
}

static enum status write_document(xmlTextWriterPtr writer, const struct sample_document *document)
{
    if (document->shape == SAMPLE_SINGLE) {
        return write_entry(writer, &document->entries[0]);
    }
    if (xmlTextWriterStartElement(writer, (const xmlChar *)sample_xml_names.list) < 0) {
        return STATUS_INTERNAL;
    }
    for (size_t i = 0; i < document->count; i++) {
        enum status status = write_entry(writer, &document->entries[i]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return xmlTextWriterFullEndElement(writer) < 0 ? STATUS_INTERNAL : STATUS_OK;
}

static enum status libxml2_encode(void *state, const struct sample_document *document,
                                  struct arena *scratch, struct buffer *bytes)
{
    (void)state;
    (void)scratch;
    CLEANUP(free_buffer) xmlBufferPtr output = xmlBufferCreate();
    CLEANUP(free_writer)
    xmlTextWriterPtr writer = output != NULL ? xmlNewTextWriterMemory(output, 0) : NULL;

    if (writer == NULL) {
        return STATUS_INTERNAL;
    }
    enum status status = write_document(writer, document);
    if (status != STATUS_OK) {
        return status;
    }
    if (xmlTextWriterFlush(writer) < 0) {
        return STATUS_INTERNAL;
    }
    struct text text = text_of_bytes(xmlBufferContent(output), (size_t)xmlBufferLength(output));
    return buffer_append(bytes, text) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

static enum status entry_from_tree(const xmlNode *element, struct arena *arena,
                                   struct sample_entry *entry)
{
    const xmlNode *child = element->children;

    if (!is_element(element, sample_xml_names.entry)) {
        return STATUS_INVALID_ARGUMENT;
    }
    for (size_t i = 0; i < SAMPLE_FIELD_COUNT; i++, child = child->next) {
        if (child == NULL || !is_element(child, sample_xml_names.fields[i])) {
            return STATUS_INVALID_ARGUMENT;
        }
        xmlChar *content = xmlNodeGetContent(child);
        struct text text = text_of_bytes(content, (size_t)xmlStrlen(content));
        enum status status = sample_entry_set(entry, (enum sample_field)i, arena, text);
        xmlFree(content);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return child == NULL ? STATUS_OK : STATUS_INVALID_ARGUMENT;
}

static enum status entries_from_tree(const xmlNode *first, size_t count, struct arena *arena,
                                     struct sample_entry **ret_entries)
{
    struct sample_entry *entries = NULL;
    enum status status = sample_entries_create(arena, count, &entries);

    for (size_t i = 0; i < count && status == STATUS_OK; i++, first = first->next) {
        status = entry_from_tree(first, arena, &entries[i]);
    }
    if (status == STATUS_OK) {
        *ret_entries = entries;
    }
    return status;
}

static enum status libxml2_decode(void *state, struct text bytes, enum sample_shape shape,
                                  struct arena *arena, struct sample_document *ret_document)
{
    (void)state;
    if (bytes.length > INT32_MAX) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    CLEANUP(free_tree)
    xmlDocPtr tree = xmlReadMemory(bytes.data, (int)bytes.length, NULL, "UTF-8",
                                   XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    const xmlNode *root = tree != NULL ? xmlDocGetRootElement(tree) : NULL;

    if (root == NULL) {
        return STATUS_INVALID_ARGUMENT;
    }
    const xmlNode *first = root;
    size_t count = 1;
    if (shape == SAMPLE_LIST) {
        if (!is_element(root, sample_xml_names.list)) {
            return STATUS_INVALID_ARGUMENT;
        }
        first = root->children;
        count = 0;
        for (const xmlNode *node = first; node != NULL; node = node->next) {
            count++;
        }
    }
    struct sample_entry *entries = NULL;
    enum status status = entries_from_tree(first, count, arena, &entries);
    if (status == STATUS_OK) {
        *ret_document =
            (struct sample_document){.shape = shape, .entries = entries, .count = count};
    }
    return status;
}

const struct wire_format libxml2_format = {
    .name = "XML",
    .library = SIZECOMPARE_LIBXML2,
    .encode = libxml2_encode,
    .decode = libxml2_decode,
};
