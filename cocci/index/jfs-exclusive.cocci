// SPDX-License-Identifier: GPL-2.0
//
// JFS's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   last_read_complete	a read has just ended; metadata
//
// Leaves: all other functions.

@@
struct folio *F;
@@
 last_read_complete(...)
 {
 <...
- folio_pos(F)
+ folio_pos_excl(F)
 ...>
 }
