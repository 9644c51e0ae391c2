// SPDX-License-Identifier: GPL-2.0
//
// What implements the operation -D ops=NAME -D member=NAME.  Changes nothing;
// one line each:
//
//   implements  FUNCTION-OR-EMPTY IMPLEMENTATION

@initialize:python@
@@
def fact(p, fn):
    print("\t".join(["fact", "implements", p[0].file, p[0].current_element, fn]))

@table@
identifier virtual.ops, virtual.member;
identifier I, fn;
position p;
@@
struct ops I = { .member = fn@p, };

@script:python@
p << table.p; fn << table.fn;
@@
fact(p, fn)

@member@
identifier virtual.member;
identifier fn;
expression E;
position p;
@@
\( E.member = fn@p \| E->member = fn@p \)

@script:python@
p << member.p; fn << member.fn;
@@
fact(p, fn)
