// SPDX-License-Identifier: GPL-2.0
//
// orangefs's own exceptions: functions that have no index and need none, because no
// shared folio comes their way.
//
//   orangefs_writepage_locked	under writeback
//   orangefs_writepages_work	the same
//
// Leaves: all other functions.

@@
identifier fn = { orangefs_writepage_locked, orangefs_writepages_work };
struct page *P;
expression E, N;
@@
 fn(...)
 {
 <...
(
- page_offset(E->pages[N])
+ folio_pos_excl(page_folio(E->pages[N]))
|
- page_offset(P)
+ folio_pos_excl(page_folio(P))
)
 ...>
 }
