// SPDX-License-Identifier: GPL-2.0
//
// In the function FN what is still without a context becomes exclusive.
//
// The driver runs it for functions that are, or are only reached through, one of
// these operations, whose signatures lack an index (scripts/cocci, EXCL_OPS):
//
//   read_folio		the folio is locked and not uptodate; a shared one is uptodate
//   release_folio	the folio has private data; a shared one has none
//   invalidate_folio	the folio has private data; a shared one has none
//
// Leaves: everything outside FN.

@@
type T;
struct folio *F;
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
struct folio *F;
position p : script:python() { p[0].current_element == "FN" };
@@
- folio_pos_ctx@p(F, (loff_t)CTX_IDX << PAGE_SHIFT)
+ folio_pos_excl(F)
