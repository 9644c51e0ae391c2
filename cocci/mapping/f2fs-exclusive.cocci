// SPDX-License-Identifier: GPL-2.0
//
// f2fs's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.  What a struct f2fs_io_info has is under writeback,
// about to be, or not uptodate.
//
//   F2FS_P_SB			node and meta pages, pages of directories, and pages
//				under writeback or not uptodate; elsewhere only
//				f2fs_bug_on() evaluates it, after the bug
//   f2fs_is_cp_guaranteed	under writeback, or a bounce page
//   __read_io_type		not uptodate
//   f2fs_write_end_io		writeback has just ended, PG_writeback is still set
//   __has_merged_page		in a bio for writeback
//   f2fs_submit_page_bio, add_ipu_page, f2fs_merge_page_bio, f2fs_submit_page_write,
//   f2fs_encrypt_one_page, need_inplace_update, f2fs_do_write_data_page,
//   __get_segment_type_4, __get_segment_type_6, do_write_page,
//   f2fs_inplace_write_data	the page of a struct f2fs_io_info
//   f2fs_is_compressed_page	has private data
//   f2fs_clear_page_cache_dirty_tag  a dirty folio
//   clear_node_folio_dirty	node page: metadata
//
// Does: quota is read from pages of a regular file.  f2fs_quota_read() only reads, so
// its test after it took the lock is the reader's: by the slot, or it would try again
// for ever if the page is shared.
//
// Leaves: all other functions.

@@
expression P;
@@
 F2FS_P_SB(...)
 {
 <...
- page_file_mapping(P)
+ folio_mapping_excl(page_folio(P))
 ...>
 }

@@
expression P;
@@
 __read_io_type(...)
 {
 <...
- page_file_mapping(P)
+ folio_mapping_excl(page_folio(P))
 ...>
 }

@@
expression P, E;
@@
 f2fs_write_end_io(...)
 {
 <...
 mapping_set_error(
- P->mapping
+ folio_mapping_excl(page_folio(P))
 , E)
 ...>
 }

@@
identifier fn = { f2fs_is_cp_guaranteed, __has_merged_page, f2fs_submit_page_bio,
		  add_ipu_page, f2fs_merge_page_bio, f2fs_submit_page_write,
		  f2fs_encrypt_one_page, need_inplace_update, f2fs_do_write_data_page,
		  __get_segment_type_4, __get_segment_type_6, do_write_page,
		  f2fs_inplace_write_data, f2fs_is_compressed_page,
		  f2fs_clear_page_cache_dirty_tag, clear_node_folio_dirty };
struct folio *F;
expression P;
struct f2fs_io_info *O;
@@
 fn(...)
 {
 <...
(
- O->page->mapping->host
+ fio_inode(O)
|
- F->mapping
+ folio_mapping_excl(F)
|
- P->mapping
+ folio_mapping_excl(page_folio(P))
)
 ...>
 }

@quota@
identifier P, M, I;
expression E;
@@
 f2fs_quota_read(...)
 {
 <+...
 P = read_cache_page_gfp(M, I, E)
 ...+>
 }

@@
identifier quota.P, quota.M, quota.I;
@@
 f2fs_quota_read(...)
 {
 <...
- P->mapping != M
+ !folio_in_slot(page_folio(P), M, I)
 ...>
 }
