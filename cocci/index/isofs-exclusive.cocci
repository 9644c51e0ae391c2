// SPDX-License-Identifier: GPL-2.0
//
// isofs's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   zisofs_read_folio	locked and not uptodate
//   zisofs_fill_pages	the page that zisofs_read_folio() was asked for
//
// Leaves: all other functions.

@@
struct page *P;
@@
 zisofs_read_folio(...)
 {
 <...
- P->index
+ folio_index_excl(page_folio(P))
 ...>
 }

@@
struct page **P;
expression N;
@@
 zisofs_fill_pages(...)
 {
 <...
- page_offset(P[N])
+ folio_pos_excl(page_folio(P[N]))
 ...>
 }
