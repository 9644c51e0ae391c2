// SPDX-License-Identifier: GPL-2.0
//
// Direct uses of folio->mapping and page->mapping, and of helpers that derive from
// them, become uses of an accessor.
//
// Does: a comparison is the writer's question after it took the lock, "is this
// folio exclusive and still in that mapping?", and gets folio_in_mapping_excl(),
// which is false for a shared folio.  A contextual accessor must not answer it:
// it would say yes for every shared folio and hand one to a writer.
// A store becomes folio_set_mapping().
// A buffer knows its folio, and a folio with buffers has private data, which a
// shared folio has not: exclusive.
// Every other use becomes contextual with a hole, CTX_MAP, where the context
// belongs; the driver fills it (scripts/cocci).

@compare@
struct folio *F;
struct page *P;
expression M;
@@
(
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

@store@
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
+ folio_mapping_excl(B->b_folio)
|
- B->b_page->mapping
+ folio_mapping_excl(B->b_folio)
)

@use@
struct folio *F;
struct page *P;
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
)
