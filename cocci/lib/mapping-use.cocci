// SPDX-License-Identifier: GPL-2.0
//
// Direct uses of folio->mapping become uses of an accessor.
//
// Does: a comparison is the writer's question after it took the lock, "is this
// folio exclusive and still in that mapping?", and gets folio_in_mapping_excl(),
// which is false for a shared folio.  A contextual accessor must not answer it:
// it would say yes for every shared folio and hand one to a writer.
// Every other use becomes contextual with a hole, CTX_MAP, where the context
// belongs; the driver fills it (scripts/cocci).
//
// Leaves: stores to the field (a setter, mm only); struct page.

@compare@
struct folio *F;
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
)

@store@
struct folio *F;
expression M;
position p;
@@
F->mapping@p = M

@use@
struct folio *F;
position p != store.p;
@@
- F->mapping@p
+ folio_mapping_ctx(F, CTX_MAP)
