/* local_damage_lmdb.h: reaches into a log's LMDB environment behind the log's back. The log must
 * not be open in this process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct local_store;

enum damage_kind { DAMAGE_FLIP, DAMAGE_REMOVE };

struct damage {
    enum damage_kind kind;
    char entry;      /* its kind (local_store_lmdb.h) */
    unsigned number; /* which of them, from 0; counted from the last when `from_end` */
    bool from_end;
    size_t byte; /* of the value: its lowest bit is flipped */
};

void damage_log(const char *directory, const struct damage *damage);

/* Begins a write transaction and leaves it open: the process is to be killed. */
void hold_log(const char *directory);

/* Writes the entries of a log anew as version 1 had them. It is closed, and has nothing that
 * version 1 had not. */
void make_version_1(const char *directory);

/* Has the log say that it is of this version. */
void make_version(const char *directory, uint32_t version);

/* The same of one that is open. */
void make_version_while_open(struct local_store *store, uint32_t version);
