// SPDX-License-Identifier: GPL-2.0
//
// In the function FN what is still without a context becomes exclusive.
//
// The driver runs it for functions that are, or are only reached through, one of
// these operations, whose signatures lack a mapping (scripts/cocci, EXCL_OPS):
//
//   read_folio		the folio is locked and not uptodate; a shared one is uptodate
//   release_folio	the folio has private data; a shared one has none
//   invalidate_folio	the folio has private data; a shared one has none
//
// Leaves: everything outside FN.

@@
struct folio *F;
position p : script:python() { p[0].current_element == "FN" };
@@
- folio_mapping_ctx@p(F, CTX_MAP)
+ folio_mapping_excl(F)
