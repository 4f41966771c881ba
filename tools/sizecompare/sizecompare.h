/* sizecompare.h: how large the same movie metadata is in six formats, and how long each takes.
 *
 * Compares JSON (jansson), XML (libxml2), YAML (libyaml), Thrift (thrift c_glib, binary protocol),
 * Avro (avro-c) and Protocol Buffers (protobuf-c) on one small entry and on a list of real ones.
 * Every document is decoded again and compared before anything is measured. docs/sizecompare.md
 * says what comes out and why. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What a round lasts unless told otherwise, and the bounds of what may be asked for. */
#define SIZECOMPARE_MILLISECONDS_DEFAULT INT64_C(200)
#define SIZECOMPARE_MILLISECONDS_MAX INT64_C(60000)
#define SIZECOMPARE_ITERATIONS_MAX INT64_C(1000000000)

/* The entries of the longer list: the catalogue's first. */
enum { SIZECOMPARE_LIST_ENTRIES = 100 };

struct sizecompare_options {
    FILE *output;          /* borrowed: the table; NULL: standard output */
    FILE *errors;          /* borrowed: one line when it fails; NULL: standard error */
    const char *catalogue; /* a file such as data/catalogue.json; NULL: the one built in */
    bool json;             /* a JSON document instead of the table */
    int64_t iterations;    /* of each round; 0: as many as fill `milliseconds` */
    int64_t milliseconds;  /* of each round, if iterations is 0; 0: the default */
};

/* Measures and prints. Takes about 24 rounds of 5 times `milliseconds`: half a minute by default.
 * Runs on the calling thread only. Returns the process's exit status: 0; 1 when a format failed,
 * gave back other content, or the catalogue or the output could not be used; 2 for options out of
 * bounds. */
int sizecompare_run(const struct sizecompare_options *options);
