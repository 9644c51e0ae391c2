// SPDX-License-Identifier: GPL-2.0
//
// fuse's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   fuse_readpages_end	pages of a read that has just ended: locked, not uptodate
//   fuse_check_folio	stolen from a pipe: must have no mapping at all
//
// Leaves: all other functions.

@@
expression E, N;
@@
 fuse_readpages_end(...)
 {
 <...
- E->pages[N]->mapping
+ folio_mapping_excl(page_folio(E->pages[N]))
 ...>
 }

@@
struct folio *F;
@@
 fuse_check_folio(...)
 {
 <...
- F->mapping
+ folio_mapping_excl(F)
 ...>
 }
