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
 void (*invalidate_folio)(
+	struct address_space *,
 struct folio *, size_t offset, size_t len);
 ...
 };

@@
expression O, A, B, C;
@@
 O->invalidate_folio(
+	CTX_MAP,
 A, B, C)
