// SPDX-License-Identifier: GPL-2.0
//
// xfs's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   xfs_discard_folio	writeback of it has failed: locked, and it was dirty
//
// Leaves: all other functions.

@@
struct folio *F;
@@
 xfs_discard_folio(...)
 {
 <...
- F->mapping
+ folio_mapping_excl(F)
 ...>
 }
