/* page_files.h: a page that is compiled into a program (http/http_files.h), as a browser fetches
 * it. In a fiber. */
#pragma once

#include "support/in_fiber.h"
#include "support/wire_http.h"

struct test_call;

struct page_exchange {
    const char *method;
    const char *target;
    int status;
    const char *head_has;
};

struct page_files {
    unsigned count;
    size_t bytes;
};

/* Fetches every file that lies in a folder of the sources (beneath MARQUEE_SOURCE) from `prefix`
 * and its name: each must be as it lies there, with the headers that keep others out, compressed
 * for who accepts that, and a 304 for who has it. */
void page_files_check(struct test_call *test, const char *address, const char *folder,
                      const char *prefix, struct page_files *ret_files);

/* Asks each of these. */
void page_exchanges_check(struct test_call *test, const char *address,
                          const struct page_exchange *exchanges, size_t count);
