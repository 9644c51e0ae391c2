// SPDX-License-Identifier: GPL-2.0
//
// hostfs's own exceptions: functions that have no index and need none, because no
// shared folio comes their way.
//
//   hostfs_writepage	locked for writeback
//
// Leaves: all other functions.

@@
struct page *P;
@@
 hostfs_writepage(...)
 {
 <...
(
- page_offset(P)
+ folio_pos_excl(page_folio(P))
|
- P->index
+ folio_index_excl(page_folio(P))
)
 ...>
 }
