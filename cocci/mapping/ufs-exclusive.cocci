// SPDX-License-Identifier: GPL-2.0
//
// UFS's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   ufs_get_locked_folio	for a writer: the blocks of the folio move on the disk
//
// Leaves: all other functions.

@@
struct folio *F;
identifier M;
@@
 ufs_get_locked_folio(struct address_space *M, ...)
 {
 <...
- F->mapping == NULL
+ !folio_in_mapping_excl(F, M)
 ...>
 }
