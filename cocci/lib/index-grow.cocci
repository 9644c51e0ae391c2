// SPDX-License-Identifier: GPL-2.0
//
// The function named by -D fn=NAME gets the index as its last parameter, named by -D ctx=NAME: its
// definition, its prototypes, and at every direct call a hole for the driver.
//
// Leaves: calls through pointers; the driver does not run it on a function whose
// address is taken.

@@
identifier virtual.fn, virtual.ctx;
type T;
parameter list PS;
@@
 T fn(PS
+	, pgoff_t ctx
 ) { ... }

// spatch itself changes a prototype it can see from the definition.
@@
identifier virtual.fn, virtual.ctx;
type T;
parameter list PS;
@@
(
 T fn(..., pgoff_t ctx);
|
 T fn(PS
+	, pgoff_t ctx
 );
)

@@
identifier virtual.fn;
expression list ES;
@@
 fn(ES
+	, CTX_IDX
 )
