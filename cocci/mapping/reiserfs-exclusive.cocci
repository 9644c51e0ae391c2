// SPDX-License-Identifier: GPL-2.0
//
// reiserfs's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   release_buffer_page	has buffers
//
// Leaves: all other functions.

@@
struct folio *F;
@@
 release_buffer_page(...)
 {
 <...
- F->mapping
+ folio_mapping_excl(F)
 ...>
 }
