// SPDX-License-Identifier: GPL-2.0
//
// Why the signature of the function named by -D fn=NAME is not ours to change:
// its address is taken.  Changes nothing.
//
//   table  FUNCTION STRUCT MEMBER	it implements an operation; of a bio or a buffer
//					MEMBER is the callback at the end of I/O, and
//					without STRUCT the function it is handed to
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

@bio@
identifier virtual.fn;
expression E;
position p;
@@
(
E->bi_end_io = fn@p
|
E.bi_end_io = fn@p
|
E->b_end_io = fn@p
|
E.b_end_io = fn@p
)

@script:python@
p << bio.p; fn << virtual.fn;
@@
fact("table", p, fn, "bio", "bi_end_io")

@bh@
identifier virtual.fn;
identifier bh_end = { mark_buffer_async_write_endio, init_buffer };
expression B;
position p;
@@
bh_end(B, fn@p, ...)

@script:python@
p << bh.p; fn << virtual.fn;
@@
fact("table", p, fn, "buffer_head", "b_end_io")

@writer@
identifier virtual.fn;
expression M, W, D;
position p;
@@
write_cache_pages(M, W, fn@p, D)

@script:python@
p << writer.p; fn << virtual.fn;
@@
fact("table", p, fn, "", "write_cache_pages")

@call@
identifier virtual.fn;
position p;
@@
fn@p(...)

@taken@
identifier virtual.fn;
position p != { call.p, table.p, bio.p, bh.p, writer.p };
@@
fn@p

@script:python@
p << taken.p; fn << virtual.fn;
@@
fact("taken", p, fn, p[0].current_element, p[0].line)
