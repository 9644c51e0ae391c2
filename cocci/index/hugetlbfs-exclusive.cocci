// SPDX-License-Identifier: GPL-2.0
//
// Functions that meet no shared folio: pages of hugetlbfs are never shared.
//
//   remove_inode_hugepages	a huge page
//
// Leaves: all other functions.

@@
struct folio *F;
@@
 remove_inode_hugepages(...)
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
