// SPDX-License-Identifier: GPL-2.0
//
// ext2's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   ext2_set_link, ext2_delete_entry	a directory
//
// Leaves: all other functions.

@@
identifier fn = { ext2_set_link, ext2_delete_entry };
struct folio *F;
@@
 fn(...)
 {
 <...
- folio_pos(F)
+ folio_pos_excl(F)
 ...>
 }
