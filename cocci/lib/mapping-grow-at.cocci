// SPDX-License-Identifier: GPL-2.0
//
// FUNCTIONS, which implement an operation, get the mapping as parameter number
// PLACE, named CTX: their definitions, their prototypes, and at every direct call a
// hole for the driver.  A local of that name that held the same goes.
//
// Leaves: calls through the operation (STEP/operation.cocci).

@@
identifier fn = { FUNCTIONS };
struct folio *F;
struct page *P;
expression E;
identifier D;
@@
 fn(...) {
 ...
(
- struct address_space *CTX = D;
|
- struct address_space *CTX = F->mapping;
|
- struct address_space *CTX = P->mapping;
|
- struct address_space *CTX = E->i_mapping;
)
 ...
 }

@@
identifier fn = { FUNCTIONS };
type T;
parameter list[PLACE] A;
parameter list B;
@@
 T fn(A,
+	struct address_space *CTX,
 B) { ... }

// spatch itself changes a prototype it can see from the definition.
@@
identifier fn = { FUNCTIONS };
type T;
parameter list[PLACE] A;
parameter list B;
@@
(
 T fn(..., struct address_space *CTX, ...);
|
 T fn(A,
+	struct address_space *CTX,
 B);
)

@@
identifier fn = { FUNCTIONS };
expression list[PLACE] A;
expression list B;
@@
 fn(A,
+	CTX_MAP,
 B)
