// SPDX-License-Identifier: GPL-2.0
//
// ubifs's own exceptions: functions that have no index and need none, because no
// shared folio comes their way.
//
//   ubifs_do_bulk_read	reached from read_folio: locked and not uptodate
//   populate_page	the same folio, or a neighbour that is not uptodate
//
// Leaves: all other functions.

@@
identifier fn = { ubifs_do_bulk_read, populate_page };
struct folio *F;
@@
 fn(...)
 {
 <...
- F->index
+ folio_index_excl(F)
 ...>
 }
