// SPDX-License-Identifier: GPL-2.0
//
// The operation itself and the calls through it.
//
// Leaves: what implements it, which the driver finds by operation.cocci of lib/ and
// gives the parameter.

@@
typedef gfp_t;
@@
 struct address_space_operations {
 ...
 bool (*release_folio)(
+	struct address_space *,
 struct folio *, gfp_t);
 ...
 };

@@
expression O, A, B;
@@
 O->release_folio(
+	CTX_MAP,
 A, B)
