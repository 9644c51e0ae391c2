// SPDX-License-Identifier: GPL-2.0
//
// Direct uses of the mapping or the index of a folio or page: the fields, and the
// helpers that derive from them.  Changes nothing; one line each:
//
//   direct  FUNCTION LINE WHAT
//
// Leaves: a folio or page whose type spatch cannot tell and whose name does not
// say what it is.

@initialize:python@
@@
def fact(p, what):
    print("\t".join(["fact", "direct", p[0].file, p[0].current_element,
                     p[0].line, what]))

@typed@
struct folio *F;
struct page *P;
position p;
@@
\( F->mapping@p \| F->index@p \| P->mapping@p \| P->index@p \)

@script:python@
p << typed.p;
@@
fact(p, "a field of the folio")

@named@
identifier x =~ "folio|page";
expression E, I;
position p != typed.p;
@@
\( E->x->mapping@p \| E->x->index@p \| E.x->mapping@p \| E.x->index@p \|
   x->mapping@p \| x->index@p \| x[I]->mapping@p \| x[I]->index@p \|
   E->x[I]->mapping@p \| E->x[I]->index@p \)

@script:python@
p << named.p; x << named.x;
@@
fact(p, "a field of " + x)

@helper@
identifier fn = { folio_mapping, folio_inode, folio_pos, folio_index,
		  folio_next_index, folio_contains, folio_file_mapping,
		  page_mapping, page_file_mapping, page_offset, page_index,
		  page_to_pgoff, folio_pgoff };
position p;
@@
fn@p(...)

@script:python@
p << helper.p; fn << helper.fn;
@@
fact(p, fn + "()")
