#include "storage/drive_pager.h"
#include "subject.h"

llkv_code crash_drive_open(struct disk *disk, enum planted_bug bug, uint64_t segment_bytes,
                           llkv_pager **out_pager, llkv_error *error)
{
    struct drive_options inner = {
        .fs = disk_fs(disk), .segment_bytes = segment_bytes, .planted = bug};
    return drive_pager_open("db", NULL, &inner, out_pager, error);
}
