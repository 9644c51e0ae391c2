// SPDX-License-Identifier: GPL-2.0
//
// In the function FN what is still without a context becomes exclusive.
//
// The driver runs it for functions that are, or are only reached through, a callback
// whose signature lacks the mapping (scripts/cocci, EXCL_OPS):
//
//   bi_end_io, b_end_io	I/O has just ended: the folio is not uptodate yet, or
//				under writeback; a shared one is uptodate and not
//
// Leaves: everything outside FN.

@@
expression F;
position p : script:python() { p[0].current_element == "FN" };
@@
- folio_mapping_ctx@p(F, CTX_MAP)
+ folio_mapping_excl(F)
