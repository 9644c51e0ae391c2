// SPDX-License-Identifier: GPL-2.0
//
// The arguments of the direct calls to the functions named in FUNCTIONS, where the
// driver puts the names.  Changes nothing; one line each:
//
//   argument  FUNCTION LINE CALLEE NUMBER EXPR
//
// Leaves: calls through pointers.

@argument@
identifier fn = { FUNCTIONS };
expression A;
expression list[n] ES;
position p;
@@
fn@p(ES, A, ...)

@script:python@
p << argument.p; fn << argument.fn; n << argument.n; A << argument.A;
@@
print("\t".join(["fact", "argument", p[0].file, p[0].current_element, p[0].line,
                 fn, str(n), " ".join(A.split())]))
