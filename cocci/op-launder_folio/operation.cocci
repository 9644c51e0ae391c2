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
 int (*launder_folio)(
+	struct address_space *,
 struct folio *);
 ...
 };

@@
expression O, A;
@@
 O->launder_folio(
+	CTX_MAP,
 A)
