/* embedded.h: the files that the build puts into the library as bytes (cmake/embed.cmake). */
#pragma once

#include <stddef.h>

/* data/catalogue.json */
extern const unsigned char sizecompare_catalogue[];
extern const size_t sizecompare_catalogue_size;

/* sizecompare.avsc: the schema of a list; its items are the schema of one entry. */
extern const unsigned char sizecompare_avro_schema[];
extern const size_t sizecompare_avro_schema_size;
