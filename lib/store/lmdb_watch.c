#include "store/lmdb_watch.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "store/lmdb_backup.h"
#include "store/lmdb_store_private.h"
#include "telemetry/telemetry.h"

/* The map of free pages: LMDB's own, of transaction number → count and page numbers. */
enum { FREE_MAP = 0 };

struct measures {
    double map_bytes;
    double used_bytes;
    double free_bytes;
};

struct reader_list {
    uint64_t newest; /* the last commit */
    unsigned readers;
    pid_t oldest_pid;
    uint64_t oldest; /* its snapshot; of oldest_pid != 0 */
};

/* One line of the list of readers: "     pid thread snapshot\n", where an idle slot has "-". The
 * head has no number. */
static int note_reader(const char *line, void *argument)
{
    struct reader_list *list = argument;
    struct text rest = text_of(line);
    struct text words[3] = {{NULL, 0}};
    size_t count = 0;
    while (rest.data != NULL && count < ARRAY_LENGTH(words)) {
        struct text word = text_next(&rest, ' ');
        if (text_ends_with(word, TEXT("\n"))) {
            word = text_slice(word, 0, word.length - 1);
        }
        if (word.length > 0) {
            words[count++] = word;
        }
    }
    int64_t pid;
    int64_t snapshot;
    if (count < 3 || !text_to_i64(words[0], &pid) || !text_to_i64(words[2], &snapshot)) {
        return 0;
    }
    list->readers++;
    if ((uint64_t)snapshot < list->newest &&
        (list->oldest_pid == 0 || (uint64_t)snapshot < list->oldest)) {
        list->oldest_pid = (pid_t)pid;
        list->oldest = (uint64_t)snapshot;
    }
    return 0;
}

/* New readers take the newest snapshot, so that one who is behind, with the same snapshot as at the
 * last look, has been there since. */
static void note_oldest(struct lmdb_store *store, const struct reader_list *list,
                        struct lmdb_watch_report *report)
{
    int64_t now_ns = clock_monotonic_ns();
    report->readers = list->readers;
    if (list->oldest_pid != 0) {
        bool is_known = store->watch_report.oldest_pid == list->oldest_pid &&
                        store->watch_snapshot == list->oldest;
        store->watch_snapshot = list->oldest;
        store->watch_since_ns = is_known ? store->watch_since_ns : now_ns;
        report->oldest_pid = list->oldest_pid;
        report->oldest_behind = list->newest - list->oldest;
        report->oldest_ms = (now_ns - store->watch_since_ns) / CLOCK_NS_PER_MS;
    }
}

/* The map may only be looked at by a reader: it moves when it grows. */
static int read_newest(struct lmdb_store *store, uint64_t *ret_newest)
{
    struct lmdb_reader *reader;
    int code = lmdb_store_begin_reading(store, &reader);
    if (code != 0) {
        return code;
    }
    *ret_newest = mdb_txn_id(reader->txn);
    lmdb_store_read_end(store, reader);
    return 0;
}

enum status lmdb_watch_look(struct lmdb_store *store, struct store_error *error,
                            struct lmdb_watch_report *ret_report)
{
    struct reader_list list = {.newest = 0};
    struct lmdb_watch_report report = {.readers = 0};
    int dead = 0;
    int code = mdb_reader_check(store->env, &dead);
    if (code == 0) {
        code = read_newest(store, &list.newest);
    }
    if (code == 0 && mdb_reader_list(store->env, note_reader, &list) < 0) {
        code = EIO;
    }
    if (code != 0) {
        return lmdb_store_fail(store, error, code, "looking at the readers");
    }
    report.cleared = (unsigned)dead;
    pthread_mutex_lock(&store->lock);
    note_oldest(store, &list, &report);
    store->watch_report = report;
    pthread_mutex_unlock(&store->lock);
    *ret_report = report;
    return STATUS_OK;
}

/* Metrics */

static void write_gauge(struct telemetry_page *page, const char *name, const char *help,
                        double value)
{
    telemetry_write_family(page, name, "gauge", help);
    telemetry_write_sample(page, name, "", value);
}

/* Each entry holds the pages that one transaction freed, or what is left of them. */
static double count_free_pages(MDB_txn *txn)
{
    MDB_stat stat;
    MDB_cursor *cursor;
    if (mdb_stat(txn, FREE_MAP, &stat) != 0 || mdb_cursor_open(txn, FREE_MAP, &cursor) != 0) {
        return 0;
    }
    MDB_val key;
    MDB_val pages;
    double count = 0;
    size_t entries = 0;
    int code = mdb_cursor_get(cursor, &key, &pages, MDB_FIRST);
    while (code == 0 && entries < LMDB_WATCH_FREE_ENTRIES_MAX) {
        size_t in_entry;
        memcpy(&in_entry, pages.mv_data, sizeof(in_entry));
        count += (double)in_entry;
        entries++;
        code = mdb_cursor_get(cursor, &key, &pages, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return entries > 0 ? count * (double)stat.ms_entries / (double)entries : 0;
}

/* What is in the file; false: it cannot be read now, and the graph has a gap. */
static bool measure(struct lmdb_store *store, struct measures *ret_measures)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct lmdb_reader *reader;
    if (lmdb_store_begin_reading(store, &reader) != 0) {
        return false;
    }
    bool known = mdb_env_info(store->env, &info) == 0 && mdb_env_stat(store->env, &stat) == 0;
    if (known) {
        double page_bytes = (double)stat.ms_psize;
        *ret_measures = (struct measures){
            .map_bytes = (double)info.me_mapsize,
            .used_bytes = (double)(info.me_last_pgno + 1) * page_bytes,
            .free_bytes = count_free_pages(reader->txn) * page_bytes,
        };
    }
    lmdb_store_read_end(store, reader);
    return known;
}

void lmdb_watch_write_metrics(void *state, struct telemetry_page *page)
{
    struct lmdb_store *store = state;
    struct measures measures;
    if (measure(store, &measures)) {
        write_gauge(page, "marquee_store_map_bytes",
                    "Address space of the store; it doubles when all is used.", measures.map_bytes);
        write_gauge(page, "marquee_store_used_bytes", "Of the store's file.", measures.used_bytes);
        write_gauge(page, "marquee_store_free_bytes", "Of the used ones: to be used again.",
                    measures.free_bytes);
    }
    pthread_mutex_lock(&store->lock);
    struct lmdb_watch_report report = store->watch_report;
    pthread_mutex_unlock(&store->lock);
    write_gauge(page, "marquee_store_readers", "Transactions that read, of all processes.",
                report.readers);
    write_gauge(page, "marquee_store_oldest_reader_seconds",
                "Since when somebody has read an old snapshot; 0: nobody.",
                (double)report.oldest_ms / 1000);
    write_gauge(page, "marquee_store_oldest_reader_commits", "Commits since that snapshot.",
                (double)report.oldest_behind);
    write_gauge(page, "marquee_store_last_backup_timestamp_seconds",
                "When the last backup was complete, since 1970; 0: never.",
                (double)lmdb_backup_time_ms(store->path) / 1000);
}
