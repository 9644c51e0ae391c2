// SPDX-License-Identifier: GPL-2.0
//
// afs's own exceptions: functions that have no index and need none, because no
// shared folio comes their way.
//
//   afs_dir_check_folio	directory
//   afs_dir_dump		the same
//   afs_dir_iterate		the same
//   afs_edit_dir_add		the same
//   afs_edit_dir_remove	the same
//   afs_edit_dir_update_dotdot	the same
//
// Leaves: all other functions.

@@
identifier fn = { afs_dir_check_folio, afs_dir_dump, afs_dir_iterate, afs_edit_dir_add,
		  afs_edit_dir_remove, afs_edit_dir_update_dotdot };
struct folio *F;
@@
 fn(...)
 {
 <...
(
- F->index
+ folio_index_excl(F)
|
- folio_pos(F)
+ folio_pos_excl(F)
)
 ...>
 }
