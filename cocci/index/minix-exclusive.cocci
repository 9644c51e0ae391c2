// SPDX-License-Identifier: GPL-2.0
//
// minix's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   minix_set_link, minix_delete_entry	a directory
//
// Leaves: all other functions.

@@
identifier fn = { minix_set_link, minix_delete_entry };
struct folio *F;
@@
 fn(...)
 {
 <...
- folio_pos(F)
+ folio_pos_excl(F)
 ...>
 }
