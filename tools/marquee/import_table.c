/* One file of an import. */
#include "marquee/import.h"

enum status import_table_open(struct import *import, struct text name,
                              struct import_table *ret_table)
{
    struct session *session = import->session;
    enum status status = import_file_open(&session->call, &import->files, name, &ret_table->file);
    if (status != STATUS_OK) {
        return status;
    }
    ret_table->import = import;
    bulk_init(&ret_table->bulk, session, ret_table->file.name);
    ret_table->bulk.complaints.report = &import->report;
    import_window_init(&ret_table->votes, &ret_table->bulk, &import_window_usual);
    progress_init(&ret_table->progress, session->input->errors, ret_table->file.name,
                  ret_table->file.size);
    return STATUS_OK;
}

enum status import_table_close(struct import_table *table, enum status status)
{
    struct import_counts *counts = &table->import->counts;
    enum status sent = STATUS_OK;
    if (table->bulk.status == STATUS_OK) {
        sent = import_window_flush(&table->votes);
    }
    enum status finished = bulk_finish(&table->bulk);
    import_window_deinit(&table->votes);
    progress_end(&table->progress);
    import_file_close(&table->file);
    counts->refused += table->bulk.complaints.count;
    counts->votes += table->bulk.votes;
    counts->votes_changed += table->bulk.votes_changed;
    counts->votes_held += table->bulk.votes_held;
    counts->reviews += table->bulk.reviews;
    counts->reviews_changed += table->bulk.reviews_changed;
    status = status == STATUS_OK ? sent : status;
    return status == STATUS_OK ? finished : status;
}

enum status import_table_put_vote(struct import_table *table, const struct rating_change *vote,
                                  uint64_t row)
{
    return import_window_put(&table->votes, vote, row);
}

void import_table_refuse(struct import_table *table, uint64_t row, struct text reason)
{
    complaints_add(&table->bulk.complaints, table->file.name, row, reason);
}

enum status import_table_take(struct import_table *table, const struct call *call, uint64_t row,
                              enum status status)
{
    if (status == STATUS_INVALID_ARGUMENT) {
        import_table_refuse(table, row, call->error.message);
        return STATUS_OK;
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND && call->error.message.length > 0) {
        return call_fail(&table->import->session->call, status, "%s:%llu: %.*s", table->file.name,
                         (unsigned long long)row, TEXT_ARGUMENTS(call->error.message));
    }
    return status;
}

void import_table_show(struct import_table *table, uint64_t count)
{
    progress_update(&table->progress, *table->file.done, count);
}
