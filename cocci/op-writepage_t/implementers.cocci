// SPDX-License-Identifier: GPL-2.0
//
// Functions that are handed to write_cache_pages().

@initialize:python@
@@
def fact(p, fn):
    print("\t".join(["fact", "implements", p[0].file, p[0].current_element, fn]))

@writer@
identifier fn;
expression M, W, D;
position p;
@@
write_cache_pages(M, W, fn@p, D)

@script:python@
p << writer.p; fn << writer.fn;
@@
fact(p, fn)
