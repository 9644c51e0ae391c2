// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   metapage_write_one	metadata, of the inode's own mapping or of one of the
//			directories that a caller has at hand; never shared
//
// Leaves: all other functions.

@@
struct folio *F;
@@
 metapage_write_one(...)
 {
 <...
 metapage_write_folio(
-	CTX_MAP,
+	folio_mapping_excl(F),
	F, ...)
 ...>
 }
