// SPDX-License-Identifier: GPL-2.0
//
// Direct uses of folio->index, folio_pos() and folio_next_index() become uses of a
// contextual accessor with a hole, CTX_IDX, where the index belongs; the driver
// fills it (scripts/cocci).
//
// Leaves: stores to the field (mm only); struct page.

@store@
struct folio *F;
expression E;
position p;
@@
F->index@p = E

@use@
typedef loff_t;
type T;
struct folio *F;
position p != store.p;
@@
(
- (T)F->index@p
+ (T)folio_index_ctx(F, CTX_IDX)
|
- F->index@p
+ folio_index_ctx(F, CTX_IDX)
|
- folio_next_index(F)
+ folio_index_ctx(F, CTX_IDX) + folio_nr_pages(F)
|
- folio_pos(F)
+ folio_pos_ctx(F, (loff_t)CTX_IDX << PAGE_SHIFT)
)
