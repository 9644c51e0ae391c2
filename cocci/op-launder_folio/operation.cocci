// SPDX-License-Identifier: GPL-2.0
//
// The operation itself and the calls through it.

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
expression O;
expression list A;
@@
 O->launder_folio(
+	CTX_MAP,
 A)
