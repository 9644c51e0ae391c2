// SPDX-License-Identifier: GPL-2.0
//
// OCFS2's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   ocfs2_should_read_blk		has buffers
//   ocfs2_prepare_page_for_write	locked for writing
//   ocfs2_map_and_dirty_page	locked for writing
//   ocfs2_zero_cluster_pages	locked for writing
//   ocfs2_write_end_nolock		locked for writing
//
// Leaves: all other functions.

@@
struct folio *F;
@@
 ocfs2_should_read_blk(...)
 {
 <...
- folio_pos(F)
+ folio_pos_excl(F)
 ...>
 }

@@
struct page *P;
@@
 ocfs2_prepare_page_for_write(...)
 {
 <...
- page_offset(P)
+ folio_pos_excl(page_folio(P))
 ...>
 }

@@
identifier fn = { ocfs2_map_and_dirty_page, ocfs2_zero_cluster_pages,
		  ocfs2_write_end_nolock };
type T;
struct page *P;
@@
 fn(...)
 {
 <...
(
- (T)P->index
+ (T)folio_index_excl(page_folio(P))
|
- P->index
+ folio_index_excl(page_folio(P))
)
 ...>
 }

@@
struct ocfs2_write_ctxt *W;
@@
 ocfs2_write_end_nolock(...)
 {
 <...
- page_offset(W->w_target_page)
+ folio_pos_excl(page_folio(W->w_target_page))
 ...>
 }
