// SPDX-License-Identifier: GPL-2.0
//
// vboxsf's own exceptions: functions that have no index and need none, because no
// shared folio comes their way.
//
//   vboxsf_writepage	locked for writeback
//
// Leaves: all other functions.

@@
struct page *P;
@@
 vboxsf_writepage(...)
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
