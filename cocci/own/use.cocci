// SPDX-License-Identifier: GPL-2.0
//
// Pages that are not in the page cache, or are there for a device: their owner keeps
// something of his own in the fields.  No such page is ever shared, so all is exclusive.
//
// Leaves: filesystems and mm.

@set disable ptr_to_array@
struct folio *F;
struct page *P;
struct page **A;
struct vm_fault *V;
struct ttm_tt *T;
struct nullb_page *N;
expression E, I;
@@
(
- F->mapping = E
+ folio_set_mapping(F, E)
|
- F->index = E
+ folio_set_index(F, E)
|
- P->mapping = E
+ folio_set_mapping(page_folio(P), E)
|
- P->index = E
+ folio_set_index(page_folio(P), E)
|
- P[I].mapping = E
+ folio_set_mapping(page_folio(&P[I]), E)
|
- A[I]->index = E
+ folio_set_index(page_folio(A[I]), E)
|
- V->page->mapping = E
+ folio_set_mapping(page_folio(V->page), E)
|
- V->page->index = E
+ folio_set_index(page_folio(V->page), E)
|
- T->pages[I]->mapping = E
+ folio_set_mapping(page_folio(T->pages[I]), E)
|
- N->page->index = E
+ folio_set_index(page_folio(N->page), E)
)

@get disable ptr_to_array@
struct folio *F;
struct page *P;
struct page **A;
struct nullb_page *N;
struct nullb_page **M;
struct fb_deferred_io_pageref *R;
expression E, I;
@@
(
- P->mapping != E
+ !folio_in_mapping_excl(page_folio(P), E)
|
- F->mapping
+ folio_mapping_excl(F)
|
- F->index
+ folio_index_excl(F)
|
- folio_next_index(F)
+ folio_index_excl(F) + folio_nr_pages(F)
|
- P->mapping
+ folio_mapping_excl(page_folio(P))
|
- P->index
+ folio_index_excl(page_folio(P))
|
- A[I]->index
+ folio_index_excl(page_folio(A[I]))
|
- N->page->index
+ folio_index_excl(page_folio(N->page))
|
- M[I]->page->index
+ folio_index_excl(page_folio(M[I]->page))
|
- R->page->index
+ folio_index_excl(page_folio(R->page))
)
