// SPDX-License-Identifier: GPL-2.0
//
// gfs2's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   gfs2_write_jdata_folio, __gfs2_jdata_write_folio  locked and dirty, for writeback;
//				 gfs2_ail1_start_one() has the mapping from a buffer
//
// Leaves: all other functions.

@@
identifier fn = { gfs2_write_jdata_folio, __gfs2_jdata_write_folio };
struct folio *F;
@@
 fn(...)
 {
 <...
- F->mapping
+ folio_mapping_excl(F)
 ...>
 }
