// SPDX-License-Identifier: GPL-2.0
//
// netfs's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   netfs_folio_written_back	ends the writeback of its folio
//
// Leaves: all other functions.

@@
struct folio *F;
@@
 netfs_folio_written_back(...)
 {
 <...
- F->mapping
+ folio_mapping_excl(F)
 ...>
 }
