// SPDX-License-Identifier: GPL-2.0
//
// The operation itself and the calls through it.
//
// Leaves: what implements it, which the driver finds by operation.cocci of lib/ and
// gives the parameter.

@@
@@
 struct address_space_operations {
 ...
 void (*free_folio)(
+	struct address_space *,
 struct folio *folio);
 ...
 };

@@
expression O, A;
@@
 O->free_folio(
+	CTX_MAP,
 A)

@@
identifier free_folio;
expression F;
@@
 void (*free_folio)(
+	struct address_space *,
 struct folio *)
 = ...;
 <...
 free_folio(
+	CTX_MAP,
 F)
 ...>

@@
identifier free_folio;
expression F;
@@
 void (*free_folio)(
+	struct address_space *,
 struct folio *);
 <...
 free_folio(
+	CTX_MAP,
 F)
 ...>
