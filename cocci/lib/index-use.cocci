// SPDX-License-Identifier: GPL-2.0
//
// Direct uses of folio->index and page->index, and of helpers that derive from them,
// become uses of a contextual accessor with a hole, CTX_IDX, where the index belongs;
// the driver fills it (scripts/cocci).
//
// Does: the index of a page is that of its folio's head, which is all that a page of
// the page cache has one for.
// The folio of a bio is being read and not uptodate, or under writeback: exclusive.
// spatch does not know the types of members: of those that are called page, pages,
// folio or folios, or end so, the name is taken for the type.
// A store becomes folio_set_index().
//
// Leaves: pages that spatch has no type for; comments.

@store disable ptr_to_array@
struct folio *F;
struct page *P;
expression E;
@@
(
- F->index = E
+ folio_set_index(F, E)
|
- P->index = E
+ folio_set_index(page_folio(P), E)
)

@bio@
struct folio_iter I;
@@
(
- I.folio->index
+ folio_index_excl(I.folio)
|
- folio_pos(I.folio)
+ folio_pos_excl(I.folio)
)

@use disable ptr_to_array@
typedef loff_t, pgoff_t;
type T;
struct folio *F;
struct page *P;
expression E, N;
identifier f =~ "folios?$", g =~ "pages?$";
@@
(
- (T)F->index
+ (T)folio_index_ctx(F, CTX_IDX)
|
- F->index
+ folio_index_ctx(F, CTX_IDX)
|
- folio_index(F)
+ folio_index_ctx(F, CTX_IDX)
|
- folio_next_index(F)
+ folio_index_ctx(F, CTX_IDX) + folio_nr_pages(F)
|
- folio_contains(F, E)
+ ((pgoff_t)(E) - folio_index_ctx(F, CTX_IDX) < folio_nr_pages(F))
|
- folio_pos(F)
+ folio_pos_ctx(F, (loff_t)CTX_IDX << PAGE_SHIFT)
|
- (T)P->index
+ (T)folio_index_ctx(page_folio(P), CTX_IDX)
|
- P->index
+ folio_index_ctx(page_folio(P), CTX_IDX)
|
- page_offset(P)
+ folio_pos_ctx(page_folio(P), (loff_t)CTX_IDX << PAGE_SHIFT)
|
- page_folio(E)->index
+ folio_index_ctx(page_folio(E), CTX_IDX)
|
- E->f->index
+ folio_index_ctx(E->f, CTX_IDX)
|
- E->f[N]->index
+ folio_index_ctx(E->f[N], CTX_IDX)
|
- E->g->index
+ folio_index_ctx(page_folio(E->g), CTX_IDX)
|
- E->g[N]->index
+ folio_index_ctx(page_folio(E->g[N]), CTX_IDX)
|
- folio_pos(E->f)
+ folio_pos_ctx(E->f, (loff_t)CTX_IDX << PAGE_SHIFT)
|
- page_offset(E->g)
+ folio_pos_ctx(page_folio(E->g), (loff_t)CTX_IDX << PAGE_SHIFT)
|
- page_offset(E->g[N])
+ folio_pos_ctx(page_folio(E->g[N]), (loff_t)CTX_IDX << PAGE_SHIFT)
)
