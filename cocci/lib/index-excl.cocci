// SPDX-License-Identifier: GPL-2.0
//
// In the function FN what is still without a context becomes exclusive.
//
// The driver runs it for functions that are, or are only reached through, one of
// these operations and callbacks, whose signatures lack an index (scripts/cocci,
// EXCL_OPS).  A shared folio is uptodate, clean, not under writeback and without
// private data, and the core breaks it before a writer gets it:
//
//   read_folio, readahead	the folio is locked and not uptodate
//   release_folio, invalidate_folio, is_partially_uptodate, is_dirty_writeback
//				the folio has private data
//   launder_folio, writepage, writepages, write_cache_pages()
//				the folio is locked and dirty, or under writeback
//   dirty_folio, write_begin, write_end
//				the folio is locked or mapped for writing
//   bi_end_io, b_end_io	I/O has just ended: the folio is not uptodate yet, or
//				under writeback
//
// Leaves: everything outside FN.

@@
type T;
expression F;
position p : script:python() { p[0].current_element == "FN" };
@@
(
- (T)folio_index_ctx@p(F, CTX_IDX)
+ (T)folio_index_excl(F)
|
- folio_index_ctx@p(F, CTX_IDX)
+ folio_index_excl(F)
)

@@
typedef loff_t;
expression F;
position p : script:python() { p[0].current_element == "FN" };
@@
- folio_pos_ctx@p(F, (loff_t)CTX_IDX << PAGE_SHIFT)
+ folio_pos_excl(F)
