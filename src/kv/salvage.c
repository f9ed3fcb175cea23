#include <assert.h>
#include <string.h>

#include "kv/kv_priv.h"

enum { ENTRIES_MIN = 256 };

/* What a scan of a file that may be damaged comes to. */
struct survey {
    llkv_drive_damage_fn *fn;
    void *fn_arg;
    llkv_drive_report report;
    bool keep;                 /* the entries too */
    struct srd_entry *entries; /* newest first */
    size_t count, cap;
};

static llkv_code keep_entry(struct cx *cx, struct survey *survey, const struct srd_entry *entry)
{
    if (survey->count == survey->cap) {
        size_t cap = survey->cap == 0 ? ENTRIES_MIN : survey->cap * 2, bytes;
        if (!size_mul(cap, sizeof *survey->entries, &bytes)) return cx_nomem(cx);
        struct srd_entry *entries = mem_realloc(survey->entries, bytes, cx->budget);
        if (entries == NULL) return cx_nomem(cx);
        survey->entries = entries;
        survey->cap = cap;
    }
    survey->entries[survey->count++] = *entry;
    return LLKV_OK;
}

static llkv_code on_entry(struct cx *cx, void *arg, const struct srd_entry *entry)
{
    struct survey *survey = arg;
    survey->report.entries++;
    return survey->keep ? keep_entry(cx, survey, entry) : LLKV_OK;
}

static llkv_code on_damage(struct cx *cx, void *arg, const struct srd_damage *damage)
{
    struct survey *survey = arg;
    (void)cx; /* nothing can fail */
    llkv_drive_damage told = {damage->from, damage->to - damage->from,
                              srd_fault_text(damage->fault)};
    survey->report.damages++;
    survey->report.damaged_bytes += told.bytes;
    if (survey->fn != NULL) survey->fn(survey->fn_arg, &told);
    return LLKV_OK;
}

static void on_restart(void *arg)
{
    struct survey *survey = arg;
    survey->report = (llkv_drive_report){.file_bytes = survey->report.file_bytes};
    survey->count = 0;
}

static llkv_code scan(struct cx *cx, struct os_fs_file *file, struct survey *survey)
{
    const struct srd_visitor visitor = {on_entry, on_damage, on_restart, survey};
    struct srd_verdict verdict;
    struct srd_reader reader;
    uint64_t size = 0;
    TRY(file->fs->size(cx, file, &size));
    survey->report.file_bytes = size;
    llkv_code rc = srd_reader_init(cx, file, size, &reader);
    if (rc == LLKV_OK) rc = srd_scan_all(cx, &reader, &visitor, &verdict);
    srd_reader_deinit(&reader);
    if (rc == LLKV_OK) survey->report.torn = verdict.state == SRD_TORN;
    return rc;
}

static void hand_over(const struct survey *survey, llkv_drive_report *out_report)
{
    llkv_drive_report report = survey->report;
    report.struct_size = out_report->struct_size;
    size_t bytes = report.struct_size < sizeof report ? report.struct_size : sizeof report;
    memcpy(out_report, &report, bytes);
}

llkv_code kv_verify(struct cx *cx, const struct os_fs *fs, const char *path,
                    llkv_drive_damage_fn *fn, void *arg, llkv_drive_report *out_report)
{
    struct os_fs_file *file = NULL;
    struct survey survey = {.fn = fn, .fn_arg = arg};
    TRY(fs->open(cx, fs, path, 0, &file));
    llkv_code rc = scan(cx, file, &survey);
    os_fs_close(file);
    if (rc == LLKV_OK) hand_over(&survey, out_report);
    return rc;
}

/* Every entry into `to`, oldest first, as it was. */
static llkv_code write_entries(struct cx *cx, const struct survey *survey, struct os_fs_file *from,
                               struct os_fs_file *to)
{
    struct kv_append append = {0};
    llkv_code rc;
    TRY_TO(done, rc, kv_append_begin(cx, &append, to, 0));
    for (size_t i = survey->count; i-- > 0;) {
        const struct srd_entry *entry = &survey->entries[i];
        if (entry->tombstone)
            rc = kv_append_tombstone(cx, &append, entry->key_hash);
        else
            rc = kv_append_copy(cx, &append, entry->key_hash, from, entry->payload,
                                entry->payload_bytes);
        if (rc != LLKV_OK) goto done;
    }
    TRY_TO(done, rc, kv_append_flush(cx, &append));
    rc = os_fs_sync(cx, to);
done:
    kv_append_deinit(&append);
    return rc;
}

static llkv_code write_new(struct cx *cx, const struct os_fs *fs, const char *to,
                           const struct survey *survey, struct os_fs_file *from)
{
    struct os_fs_file *file = NULL;
    TRY(fs->open(cx, fs, to, OS_WRITE | OS_CREATE | OS_EXCLUSIVE, &file));
    llkv_code rc = kv_lock_writer(cx, file, to);
    if (rc == LLKV_OK) rc = write_entries(cx, survey, from, file);
    if (rc == LLKV_OK) rc = fs->directory_sync(cx, fs, to);
    os_fs_close(file);
    if (rc != LLKV_OK) kv_remove_quietly(cx, fs, to);
    return rc;
}

llkv_code kv_salvage(struct cx *cx, const struct os_fs *fs, const char *path, const char *to,
                     llkv_drive_report *out_report)
{
    struct os_fs_file *file = NULL;
    struct survey survey = {.keep = true};
    TRY(fs->open(cx, fs, path, 0, &file));
    llkv_code rc = scan(cx, file, &survey);
    if (rc == LLKV_OK) rc = write_new(cx, fs, to, &survey, file);
    os_fs_close(file);
    mem_free(survey.entries);
    if (rc == LLKV_OK) hand_over(&survey, out_report);
    return rc;
}
