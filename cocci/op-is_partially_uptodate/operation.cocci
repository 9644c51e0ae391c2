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
 bool (*is_partially_uptodate)(
+	struct address_space *,
 struct folio *, size_t from, size_t count);
 ...
 };

@@
expression O, A, B, C;
@@
 O->is_partially_uptodate(
+	CTX_MAP,
 A, B, C)
