// SPDX-License-Identifier: GPL-2.0
//
// gfs2's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   gfs2_write_jdata_folio	 locked and dirty, for writeback
//   gfs2_write_jdata_batch	 at the end of its loop it is locked and has been written;
//				 before it is locked, see gfs2-context.cocci
//   gfs2_allocate_folio_backing locked by gfs2_page_mkwrite(), after the test of the
//				 mapping
//
// Leaves: all other functions.

@@
identifier fn = { gfs2_write_jdata_folio, gfs2_write_jdata_batch,
		  gfs2_allocate_folio_backing };
struct folio *F;
identifier D;
@@
 fn(...)
 {
 <...
(
 *D = F->index;
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
