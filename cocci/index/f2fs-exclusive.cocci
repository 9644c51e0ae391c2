// SPDX-License-Identifier: GPL-2.0
//
// f2fs's own exceptions: functions that have no index and need none, because no
// shared folio comes their way.
//
//   f2fs_read_single_page, f2fs_read_multi_pages, f2fs_mpage_readpages,
//   f2fs_submit_page_read, f2fs_read_inline_data, f2fs_do_read_inline_data
//				not uptodate, or a compressed page of f2fs's own
//   f2fs_handle_page_eio	not uptodate after a read, or metadata
//   f2fs_write_cache_pages, f2fs_all_cluster_page_ready
//				found by its dirty mark, with a reference since; what
//				lets f2fs share pages has to leave out those that were
//				shared between the two
//   f2fs_write_data_page, f2fs_write_single_data_page, f2fs_do_write_data_page,
//   f2fs_write_inline_data, f2fs_clear_page_cache_dirty_tag
//				locked and dirty
//   f2fs_submit_page_bio, add_ipu_page, f2fs_merge_page_bio, f2fs_submit_page_write,
//   __get_segment_type_6	the page of a struct f2fs_io_info: under writeback, about
//				to be, or not uptodate
//   f2fs_write_end_io		writeback has just ended, PG_writeback is still set
//   f2fs_compress_ctx_add_page	not uptodate, or locked for writing or writeback
//   f2fs_compress_write_end, f2fs_truncate_partial_cluster
//				locked for writing
//   cluster_has_invalid_data, f2fs_write_compressed_pages
//				locked for writeback
//   truncate_node, read_node_page, __write_node_page, f2fs_fsync_node_pages
//				node pages: metadata
//   __f2fs_write_meta_page, f2fs_sync_meta_pages, f2fs_do_write_meta_page
//				meta pages: metadata
//   __f2fs_commit_super	the super block: metadata
//
// By hand, since the driver does not see page_folio(page)->index:
//   f2fs_delete_entry		page of a directory
//   f2fs_inode_chksum_verify	node page: metadata
//
// Leaves: all other functions.

@@
identifier fn = { f2fs_read_single_page, f2fs_read_multi_pages, f2fs_mpage_readpages,
		  f2fs_submit_page_read, f2fs_read_inline_data,
		  f2fs_do_read_inline_data, f2fs_handle_page_eio,
		  f2fs_write_cache_pages, f2fs_all_cluster_page_ready,
		  f2fs_write_data_page, f2fs_write_single_data_page,
		  f2fs_do_write_data_page, f2fs_write_inline_data,
		  f2fs_clear_page_cache_dirty_tag, f2fs_submit_page_bio,
		  add_ipu_page, f2fs_merge_page_bio, f2fs_submit_page_write,
		  __get_segment_type_6, f2fs_write_end_io,
		  f2fs_compress_ctx_add_page, f2fs_compress_write_end,
		  f2fs_truncate_partial_cluster, cluster_has_invalid_data,
		  f2fs_write_compressed_pages,
		  truncate_node, read_node_page, __write_node_page,
		  f2fs_fsync_node_pages, __f2fs_write_meta_page,
		  f2fs_sync_meta_pages, f2fs_do_write_meta_page,
		  __f2fs_commit_super };
type T;
struct folio *F;
expression E, N;
@@
 fn(...)
 {
 <...
(
- (T)F->index
+ (T)folio_index_excl(F)
|
- F->index
+ folio_index_excl(F)
|
- page_folio(E)->index
+ folio_index_excl(page_folio(E))
|
- (T)E[N]->index
+ (T)folio_index_excl(page_folio(E[N]))
|
- E[N]->index
+ folio_index_excl(page_folio(E[N]))
|
- folio_index(F)
+ folio_index_excl(F)
|
- folio_next_index(F)
+ folio_index_excl(F) + folio_nr_pages(F)
)
 ...>
 }
