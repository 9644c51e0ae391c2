// SPDX-License-Identifier: GPL-2.0
//
// jffs2's own exceptions: functions that have no index and need none, because no
// shared folio comes their way.
//
//   jffs2_do_readpage_nolock	locked and not uptodate: from read_folio, as filler of
//				the page cache, or from write_begin
//
// Leaves: all other functions.

@@
struct folio *F;
@@
 jffs2_do_readpage_nolock(...)
 {
 <...
- F->index
+ folio_index_excl(F)
 ...>
 }
