// SPDX-License-Identifier: GPL-2.0
//
// What the driver wants to know of a file, one line each, fields parted by tabs.
// Changes nothing.
//
//   hole    KIND FUNCTION CALLEE	a hole, and the function called with it, if any
//   param   FUNCTION TYPE NAME		in the order of the parameters
//   local   FUNCTION TYPE NAME EXPR	a local and what it starts with
//   set     FUNCTION NAME		a local or parameter that is set later on, or
//					whose address is taken
//   folio   FUNCTION NAME		a local that gets its value from a folio, other
//					than by a contextual accessor
//   from    FUNCTION NAME EXPR		what a local is set to
//   lookup  FUNCTION EXPR		an index with which a folio is looked up

@initialize:python@
@@
def fact(what, p, *rest):
    print("\t".join(["fact", what, p[0].file, p[0].current_element] +
                    [" ".join(str(r).split()) for r in rest]))

@holecall@
identifier g;
identifier K = {CTX_MAP, CTX_IDX};
position p;
@@
g(..., K@p, ...)

@script:python@
p << holecall.p; g << holecall.g; K << holecall.K;
@@
fact("hole", p, K, g)

@holebare@
identifier K = {CTX_MAP, CTX_IDX};
position p != holecall.p;
@@
K@p

@script:python@
p << holebare.p; K << holebare.K;
@@
fact("hole", p, K, "")

@param@
identifier fn, x;
type T;
position p;
@@
fn(..., T x@p, ...) { ... }

@script:python@
p << param.p; T << param.T; x << param.x;
@@
fact("param", p, T, x)

@loc@
identifier x;
type T;
expression E;
position p;
@@
T x@p = E;

@script:python@
p << loc.p; T << loc.T; x << loc.x; E << loc.E;
@@
fact("local", p, T, x, E)

@bare@
identifier x;
type T;
position p;
@@
T x@p;

@script:python@
p << bare.p; T << bare.T; x << bare.x;
@@
fact("local", p, T, x, "")

@set@
idexpression x;
expression E;
position p;
assignment operator op;
@@
\( x@p op E \| x@p++ \| x@p-- \| ++x@p \| --x@p \| &x@p \)

@script:python@
p << set.p; x << set.x;
@@
fact("set", p, x)

@folio@
idexpression x;
struct folio *F;
struct page *P;
struct buffer_head *B;
position p;
@@
x@p = <+...
(
buffer_head_mapping(B)
|
F->mapping
|
F->index
|
P->mapping
|
P->index
|
page_offset(P)
|
folio_mapping(F)
|
folio_inode(F)
|
folio_pos(F)
|
folio_mapping_excl(F)
|
folio_index_excl(F)
|
folio_pos_excl(F)
)
...+>

@script:python@
p << folio.p; x << folio.x;
@@
fact("folio", p, x)

@from@
idexpression x;
expression E;
position p;
@@
x@p = E

@script:python@
p << from.p; x << from.x; E << from.E;
@@
fact("from", p, x, E)

@lookup@
identifier get = { __filemap_get_folio, filemap_get_folio, filemap_lock_folio,
		   filemap_grab_folio, find_get_page, find_get_page_flags,
		   find_lock_page, find_or_create_page, pagecache_get_page,
		   grab_cache_page, grab_cache_page_nowait,
		   grab_cache_page_write_begin, read_cache_folio, read_cache_page,
		   read_cache_page_gfp, read_mapping_folio, read_mapping_page };
expression M, I;
position p;
@@
get@p(M, I, ...)

@script:python@
p << lookup.p; I << lookup.I;
@@
fact("lookup", p, I)
