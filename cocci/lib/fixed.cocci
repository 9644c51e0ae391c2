// SPDX-License-Identifier: GPL-2.0
//
// Why the signature of the function named by -D fn=NAME is not ours to change:
// its address is taken.  Changes nothing.
//
//   table  FUNCTION STRUCT MEMBER	it implements an operation
//   taken  FUNCTION PLACE LINE	its address is taken in any other way, or exported

@initialize:python@
@@
def fact(what, p, *rest):
    print("\t".join(["fact", what, p[0].file] + [str(r) for r in rest]))

@table@
identifier virtual.fn;
identifier S, I, m;
position p;
@@
struct S I = { .m = fn@p, };

@script:python@
p << table.p; fn << virtual.fn; S << table.S; m << table.m;
@@
fact("table", p, fn, S, m)

@call@
identifier virtual.fn;
position p;
@@
fn@p(...)

@taken@
identifier virtual.fn;
position p != { call.p, table.p };
@@
fn@p

@script:python@
p << taken.p; fn << virtual.fn;
@@
fact("taken", p, fn, p[0].current_element, p[0].line)
