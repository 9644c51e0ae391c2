// SPDX-License-Identifier: GPL-2.0
//
// Readers that lock two folios: any order will do that does not change meanwhile.
//
//   vfs_lock_two_folios	in the order of their indices, or of their groups; the slots
//			of two shared folios may lie in one order here, in another there
//
// Leaves: all other functions.

@@
struct folio *F;
@@
 vfs_lock_two_folios(...)
 {
 <...
- F->index
+ folio_lock_key(F)
 ...>
 }
