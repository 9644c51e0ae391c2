// SPDX-License-Identifier: GPL-2.0
//
// Direct uses of folio->mapping and page->mapping, and of helpers that derive from
// them, become uses of an accessor.
//
// Does: a comparison is the writer's question after it took the lock, "is this
// folio exclusive and still in that mapping?", and gets folio_in_mapping_excl(),
// which is false for a shared folio.  A contextual accessor must not answer it:
// it would say yes for every shared folio and hand one to a writer.
// Compared with NULL it is no such question.
// A store becomes folio_set_mapping().
// A buffer knows its mapping: its folio has private data, which a shared folio has not.
// Exclusive is the folio of a bio, which is being read and
// not uptodate, or under writeback.
// spatch does not know the types of members: of those that are called page, pages,
// folio or folios, or end so, the name is taken for the type.
// Every other use becomes contextual with a hole, CTX_MAP, where the context
// belongs; the driver fills it (scripts/cocci).
//
// Leaves: pages that spatch has no type for; comments.

@compare disable ptr_to_array, is_null, isnt_null1@
struct folio *F;
struct page *P;
expression M;
@@
(
- F->mapping != NULL
+ folio_mapping_ctx(F, CTX_MAP) != NULL
|
- F->mapping == NULL
+ folio_mapping_ctx(F, CTX_MAP) == NULL
|
- P->mapping != NULL
+ folio_mapping_ctx(page_folio(P), CTX_MAP) != NULL
|
- P->mapping == NULL
+ folio_mapping_ctx(page_folio(P), CTX_MAP) == NULL
|
- F->mapping != M
+ !folio_in_mapping_excl(F, M)
|
- F->mapping == M
+ folio_in_mapping_excl(F, M)
|
- M != F->mapping
+ !folio_in_mapping_excl(F, M)
|
- M == F->mapping
+ folio_in_mapping_excl(F, M)
|
- P->mapping != M
+ !folio_in_mapping_excl(page_folio(P), M)
|
- P->mapping == M
+ folio_in_mapping_excl(page_folio(P), M)
|
- M != P->mapping
+ !folio_in_mapping_excl(page_folio(P), M)
|
- M == P->mapping
+ folio_in_mapping_excl(page_folio(P), M)
)

@store disable ptr_to_array@
struct folio *F;
struct page *P;
expression M;
@@
(
- F->mapping = M
+ folio_set_mapping(F, M)
|
- P->mapping = M
+ folio_set_mapping(page_folio(P), M)
)

@buffer@
struct buffer_head *B;
@@
(
- B->b_folio->mapping
+ buffer_head_mapping(B)
|
- B->b_page->mapping
+ buffer_head_mapping(B)
)

@bio@
struct folio_iter I;
@@
- I.folio->mapping
+ folio_mapping_excl(I.folio)

@use disable ptr_to_array@
struct folio *F;
struct page *P;
expression E, N;
identifier f =~ "folios?$", p =~ "pages?$";
@@
(
- F->mapping
+ folio_mapping_ctx(F, CTX_MAP)
|
- P->mapping
+ folio_mapping_ctx(page_folio(P), CTX_MAP)
|
- folio_inode(F)
+ folio_mapping_ctx(F, CTX_MAP)->host
|
- folio_mapping(F)
+ folio_mapping_ctx(F, CTX_MAP)
|
- folio_file_mapping(F)
+ folio_mapping_ctx(F, CTX_MAP)
|
- page_mapping(P)
+ folio_mapping_ctx(page_folio(P), CTX_MAP)
|
- page_file_mapping(P)
+ folio_mapping_ctx(page_folio(P), CTX_MAP)
|
- page_folio(E)->mapping
+ folio_mapping_ctx(page_folio(E), CTX_MAP)
|
- E->f->mapping
+ folio_mapping_ctx(E->f, CTX_MAP)
|
- E->f[N]->mapping
+ folio_mapping_ctx(E->f[N], CTX_MAP)
|
- E->p->mapping
+ folio_mapping_ctx(page_folio(E->p), CTX_MAP)
|
- E->p[N]->mapping
+ folio_mapping_ctx(page_folio(E->p[N]), CTX_MAP)
)
