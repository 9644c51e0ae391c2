// SPDX-License-Identifier: GPL-2.0
//
// What the check wants to know of contexts, one line each.  Changes nothing.
//
//   context   FUNCTION LINE ACCESSOR EXPR	the context argument of an accessor
//   position  FUNCTION NUMBER NAME		the place of a parameter
//   kept      FUNCTION LINE EXPR		a mapping, inode or index of a folio,
//						kept in a member or an element

@initialize:python@
@@
def fact(what, p, *rest):
    print("\t".join(["fact", what, p[0].file, p[0].current_element] +
                    [" ".join(str(r).split()) for r in rest]))

@context@
identifier fn = { folio_mapping_ctx, folio_index_ctx, folio_pos_ctx };
expression F, C;
position p;
@@
fn@p(F, C)

@script:python@
p << context.p; fn << context.fn; C << context.C;
@@
fact("context", p, p[0].line, fn, C)

@place@
identifier fn, x;
type T;
parameter list[n] PS;
position p;
@@
fn(PS, T x@p, ...) { ... }

@script:python@
p << place.p; x << place.x; n << place.n;
@@
fact("position", p, n, x)

@kept@
expression E, I;
identifier m;
struct folio *F;
struct page *P;
position p;
@@
\( E->m@p \| E.m@p \| E[I]@p \) = <+...
\( F->mapping \| F->index \| P->mapping \| P->index \|
   folio_mapping(F) \| folio_inode(F) \| folio_pos(F) \|
   folio_mapping_excl(F) \| folio_index_excl(F) \| folio_pos_excl(F) \)
...+>

@script:python@
p << kept.p;
@@
fact("kept", p, p[0].line)
