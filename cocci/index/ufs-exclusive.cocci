// SPDX-License-Identifier: GPL-2.0
//
// UFS's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   ufs_set_link, ufs_delete_entry	a directory
//   ufs_change_blocknr		locked by a writer
//
// Leaves: all other functions.

@@
identifier fn = { ufs_set_link, ufs_delete_entry };
struct folio *F;
@@
 fn(...)
 {
 <...
- folio_pos(F)
+ folio_pos_excl(F)
 ...>
 }

@@
struct folio *F;
@@
 ufs_change_blocknr(...)
 {
 <...
- F->index
+ folio_index_excl(F)
 ...>
 }
