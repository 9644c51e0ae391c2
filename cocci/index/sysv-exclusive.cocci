// SPDX-License-Identifier: GPL-2.0
//
// System V's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   sysv_set_link, sysv_delete_entry	a directory
//
// Leaves: all other functions.

@@
identifier fn = { sysv_set_link, sysv_delete_entry };
struct folio *F;
@@
 fn(...)
 {
 <...
- folio_pos(F)
+ folio_pos_excl(F)
 ...>
 }
