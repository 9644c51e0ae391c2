// SPDX-License-Identifier: GPL-2.0
//
// nfs's own exceptions: functions that have no index and need none, because no
// shared folio comes their way.
//
//   nfs_folio_length		locked, and read (not uptodate) or about to be written
//   nfs_page_create_from_folio	the same
//   nfs_wb_folio		the same, or laundered, or invalidated with private data
//   nfs_update_folio		written just now, or about to be
//   nfs_grow_file		the same
//   nfs_do_writepage		locked for writeback
//   nfs_pageio_cond_complete	folio of a request of nfs_do_writepage()
//   find_and_lock_cache_page	directory
//
// Leaves: all other functions.

@@
identifier fn = { nfs_folio_length, nfs_page_create_from_folio, nfs_wb_folio,
		  nfs_update_folio, nfs_grow_file, nfs_do_writepage,
		  nfs_pageio_cond_complete, find_and_lock_cache_page };
struct folio *F;
expression E;
@@
 fn(...)
 {
 <...
(
- E->folio->index
+ folio_index_excl(E->folio)
|
- F->index
+ folio_index_excl(F)
|
- folio_next_index(F)
+ folio_index_excl(F) + folio_nr_pages(F)
|
- folio_pos(F)
+ folio_pos_excl(F)
)
 ...>
 }
