// SPDX-License-Identifier: GPL-2.0
//
// Functions that are handed over as a filler.

@initialize:python@
@@
def fact(p, fn):
    print("\t".join(["fact", "implements", p[0].file, p[0].current_element, fn]))

@filler@
identifier reader = { read_cache_folio, read_cache_page };
identifier fn;
expression M, I, F;
position p;
@@
reader(M, I, fn@p, F)

@script:python@
p << filler.p; fn << filler.fn;
@@
if fn != "NULL":
    fact(p, fn)
